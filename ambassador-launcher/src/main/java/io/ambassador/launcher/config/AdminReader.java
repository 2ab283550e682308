package io.ambassador.launcher.config;

import io.ambassador.launcher.admin.AdminSpec;
import io.ambassador.launcher.admin.AdminSpec.TokenFor;
import io.ambassador.service.Catalog;
import io.ambassador.service.ListenAddress;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSettings;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code admin}. */
final class AdminReader {
    static final ListenAddress DEFAULT = new ListenAddress.Tcp("127.0.0.1", 9901);

    private static final Pattern HOST =
            Pattern.compile("[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    private AdminReader() {}

    /** {@code null} for no admin address, or a wrong one. */
    static @Nullable AdminSpec read(Settings admin, Catalog catalog) {
        admin.refuseUnsupported("drills");
        Configured<SecretSourceProvider<?>> token = SecretSettings.read(admin, "token", catalog.secrets());
        boolean tokenGiven = admin.has("token"); // perhaps wrong, which is a problem of its own
        boolean tokenForGiven = admin.has("token-for");
        TokenFor tokenFor = admin.word("token-for", TokenFor.MUTATIONS);
        List<String> hosts = admin.list("hosts", "a name without a port", AdminReader::host);
        List<Long> uids = admin.list("uids", "a user's number", Long::parseUnsignedLong);
        String text = admin.string("listen", DEFAULT.toString());
        if (tokenForGiven && !tokenGiven) {
            admin.problem("token-for", "there is no token. Add admin.token, such as { file = /run/secrets/admin }");
        }
        if (text.equals("off") || text.equals("false")) {
            return null;
        }
        ListenAddress listen = admin.parse(
                "listen",
                text,
                "an address such as 127.0.0.1:9901 or unix:/run/ambassador.sock, or off",
                ListenAddress::parse);
        if (listen == null) {
            return null;
        }
        if (!uids.isEmpty() && !(listen instanceof ListenAddress.Unix)) {
            admin.problem("uids", "only a unix socket tells its users. Listen on unix:/…, or remove it");
        }
        if (listen.isLocal()) {
            return new AdminSpec(listen, admin.has("listen"), token, tokenFor, Set.copyOf(hosts), Set.copyOf(uids));
        }
        if (!tokenGiven) {
            admin.problem(
                    "listen",
                    "\"" + text + "\" can be reached from other machines. Listen on loopback or a unix socket, or add"
                            + " admin.token, such as { file = /run/secrets/admin }");
        }
        if (token == null) {
            return null;
        }
        admin.warning(
                "listen",
                listen + " can be reached from other machines, and the token is sent"
                        + " in the clear. Put TLS in front of it, or listen on loopback or a unix socket");
        return new AdminSpec(
                listen,
                true,
                token,
                tokenForGiven ? tokenFor : TokenFor.EVERYTHING,
                Set.copyOf(hosts),
                Set.copyOf(uids));
    }

    private static String host(String text) {
        if (!HOST.matcher(text).matches()) {
            throw new IllegalArgumentException(text);
        }
        return text;
    }
}
