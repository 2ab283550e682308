package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which of a client's startup parameters reach the server when the ambassador logs in for it: a client must not turn a
 * session of somebody else's user into a replication stream, or reach settings, by a parameter.
 */
final class StartupPolicy {
    /** What drivers send of themselves, and what only concerns the session's own answers and patience. */
    private static final Set<String> HARMLESS = Set.of(
            "application_name",
            "client_encoding",
            "datestyle",
            "extra_float_digits",
            "geqo",
            "idle_in_transaction_session_timeout",
            "idle_session_timeout",
            "intervalstyle",
            "lock_timeout",
            "statement_timeout",
            "timezone",
            "default_transaction_isolation",
            "default_transaction_read_only");

    private final @Nullable String database;
    private final Set<String> allowed;

    StartupPolicy(PostgresqlConfig config) {
        this.database = config.database();
        this.allowed = config.startupParameters();
    }

    /**
     * What to open the session with.
     *
     * @param username as configured; {@code null} goes by the client's
     */
    StartupPacket toServer(StartupPacket client, @Nullable String username) {
        String user = client.parameters().getOrDefault("user", "");
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("user", username == null ? user : bytes(username));
        // Named always: a server that is told none takes the user's name for it, which is no longer the client's.
        parameters.put(
                "database",
                database != null ? bytes(database) : client.parameters().getOrDefault("database", user));
        client.parameters().forEach((name, value) -> {
            if (isPassedOn(name)) {
                parameters.put(name, value);
            }
        });
        return new StartupPacket(client.version(), parameters);
    }

    /** The names of those that the server does not get to see. */
    List<String> left(StartupPacket client) {
        List<String> left = new ArrayList<>();
        for (String name : client.parameters().keySet()) {
            if (!name.equals("user") && !name.equals("database") && !isPassedOn(name)) {
                left.add(name);
            }
        }
        return left;
    }

    private boolean isPassedOn(String name) {
        String folded = name.toLowerCase(Locale.ROOT);
        return HARMLESS.contains(folded) || name.startsWith("_pq_.") || allowed.contains(folded);
    }

    /** One byte of UTF-8 a character. */
    static String bytes(String text) {
        return new String(text.getBytes(UTF_8), ISO_8859_1);
    }
}
