package io.ambassador.discovery.marathon;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a Marathon is reached; apps that say the same share one client.
 *
 * @param addresses of its masters, at least one
 * @param username with {@code password}; {@code null} for none
 * @param token instead of a password; {@code null} for none
 * @param callback {@code null} to hear of changes by the event stream
 * @param options how host names are looked up, of masters and of tasks
 */
record MastersConfig(
        List<ServerAddress> addresses,
        @Nullable String username,
        @Nullable Configured<SecretSourceProvider<?>> password,
        @Nullable Configured<SecretSourceProvider<?>> token,
        @Nullable CallbackConfig callback,
        DnsOptions options) {
    private static final int PORT = 8080;
    private static final int TLS_PORT = 8443;

    MastersConfig {
        addresses = List.copyOf(addresses);
    }

    /**
     * Reads {@code addresses}, {@code tls}, {@code username}, {@code password}, {@code token}, {@code insecure},
     * {@code callback}, and how names are looked up.
     */
    static MastersConfig parse(Settings settings) {
        TlsOptions tls = TlsOptions.parse(settings, false);
        boolean insecure = settings.bool("insecure", false);
        if (!settings.has("addresses")) {
            settings.problem("addresses", "is missing (expected the masters, such as [\"10.0.0.1:8080\"])");
        }
        List<ServerAddress> addresses = settings.list("addresses", "a master's host:port", text -> {
            EndpointEntry entry = EndpointEntry.parseServer(text, tls == null ? PORT : TLS_PORT);
            return new ServerAddress(entry.host(), entry.port(), null, tls, insecure);
        });
        String username = settings.optionalString("username");
        Configured<SecretSourceProvider<?>> password = RegistryPassword.parse(settings, "password");
        if (settings.has("password") != (username != null)) {
            settings.problem(username == null ? "username" : "password", "needs username and password, both");
        }
        if (username != null && (username.indexOf(':') >= 0 || !username.matches("\\p{Print}+"))) {
            settings.problem("username", "holds a character that HTTP's basic authentication does not allow");
        }
        if (settings.has("token") && settings.has("password")) {
            settings.problem("token", "is there as well as password. Remove one of them");
        }
        return new MastersConfig(
                addresses,
                username,
                password,
                RegistryPassword.parse(settings, "token"),
                CallbackConfig.parse(settings),
                DnsOptions.parse(settings));
    }

    String scheme() {
        return !addresses.isEmpty() && addresses.get(0).tls() != null ? "marathons" : "marathon";
    }

    @Override
    public String toString() {
        return addresses.stream().map(ServerAddress::toString).collect(Collectors.joining(","));
    }
}
