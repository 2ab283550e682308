package io.ambassador.discovery.zookeeper;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an ensemble is reached.
 *
 * @param servers its members, any of which will do
 * @param user for scheme {@code digest}; {@code null} for nobody in particular
 * @param password {@code null} without {@code user}
 * @param readOnly whether a member without its quorum may answer
 * @param sessionTimeout what to ask for, 1 s to 1 min; the ensemble may want more or less
 * @param options how host names of members, and those among endpoints, are looked up
 */
record EnsembleConfig(
        List<ServerAddress> servers,
        @Nullable String user,
        @Nullable Configured<SecretSourceProvider<?>> password,
        boolean readOnly,
        Duration sessionTimeout,
        DnsOptions options) {
    private static final int PORT = 2181;
    private static final Duration SESSION_TIMEOUT = Duration.ofSeconds(6);

    EnsembleConfig {
        servers = List.copyOf(servers);
    }

    static EnsembleConfig parse(Settings settings) {
        TlsOptions tls = TlsOptions.parse(settings, false);
        boolean insecure = settings.bool("insecure", false);
        if (!settings.has("servers")) {
            settings.problem("servers", "is missing (expected a list such as [\"zk1.example.com:2181\"])");
        }
        List<ServerAddress> servers = settings.list("servers", "a member's host:port", text -> {
            EndpointEntry entry = EndpointEntry.parseServer(text, PORT);
            return new ServerAddress(entry.host(), entry.port(), null, tls, insecure);
        });
        String user = settings.optionalString("user");
        Configured<SecretSourceProvider<?>> password = RegistryPassword.parse(settings, "password");
        if ((user == null) != !settings.has("password")) {
            settings.problem(user == null ? "password" : "user", "needs user and password, both");
        }
        Duration timeout = settings.duration("session-timeout", SESSION_TIMEOUT);
        if (timeout.toSeconds() < 1 || timeout.toSeconds() > 60) {
            settings.problem("session-timeout", "is out of range. Give 1s to 60s");
        }
        return new EnsembleConfig(
                servers, user, password, settings.bool("read-only", false), timeout, DnsOptions.parse(settings));
    }
}
