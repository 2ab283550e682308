package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which startup parameters of a client reach a backend that the ambassador logs in at. What is not allowed is refused:
 * a client that asked for something would not notice that it got something else.
 */
final class StartupPolicy {
    /** They change how values are shown, and the name under which a session is listed. */
    private static final Set<String> HARMLESS = Set.of(
            "application_name",
            "client_encoding",
            "datestyle",
            "extra_float_digits",
            "geqo",
            "intervalstyle",
            "timezone");
    /** Options of the protocol itself, which a server that does not know them says so. */
    private static final String PROTOCOL_OPTION = "_pq_.";

    private final @Nullable String database;
    private final Set<String> allowed;

    /** @param allowed in lower case */
    StartupPolicy(@Nullable String database, Set<String> allowed) {
        this.database = database == null ? null : wire(database);
        this.allowed = allowed;
    }

    /** A text of ours as {@link Startup} holds it. */
    static String wire(String text) {
        return new String(text.getBytes(UTF_8), ISO_8859_1);
    }

    /** The first parameter that is not allowed; {@code null} if all are. */
    @Nullable String forbidden(Startup startup) {
        for (String name : startup.parameters().keySet()) {
            String lower = name.toLowerCase(Locale.ROOT);
            boolean known = name.equals(Startup.USER)
                    || name.equals(Startup.DATABASE)
                    || name.startsWith(PROTOCOL_OPTION)
                    || HARMLESS.contains(lower)
                    || allowed.contains(lower);
            if (!known) {
                return name;
            }
        }
        return null;
    }

    /** The startup for the backend, with the database named, since it would default to our user's name. */
    Startup withDatabase(Startup startup) {
        Map<String, String> parameters = new LinkedHashMap<>(startup.parameters());
        String wanted = database;
        if (wanted == null) {
            wanted = parameters.get(Startup.DATABASE);
        }
        if (wanted == null || wanted.isEmpty()) {
            wanted = parameters.get(Startup.USER);
        }
        if (wanted != null) {
            parameters.put(Startup.DATABASE, wanted);
        }
        return new Startup(startup.version(), parameters);
    }
}
