package io.ambassador.discovery.consul;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a Consul agent is reached.
 *
 * @param token {@code null} for none
 * @param options how its host name, and those of instances, are looked up
 */
record AgentConfig(ServerAddress address, @Nullable Configured<SecretSourceProvider<?>> token, DnsOptions options) {
    private static final int PORT = 8500;
    private static final int TLS_PORT = 8501;
    private static final ServerAddress PLACEHOLDER = ServerAddress.tcp("localhost", PORT, null);

    /** Reads {@code address}, {@code tls}, {@code token}, {@code insecure}, and how names are looked up. */
    static AgentConfig parse(Settings settings) {
        TlsOptions tls = TlsOptions.parse(settings, false);
        boolean insecure = settings.bool("insecure", false);
        String text = settings.string("address");
        ServerAddress address = PLACEHOLDER;
        if (!text.isEmpty()) {
            EndpointEntry entry = settings.parse(
                    "address",
                    text,
                    "an agent's host:port",
                    given -> EndpointEntry.parseServer(given, tls == null ? PORT : TLS_PORT));
            if (entry != null) {
                address = new ServerAddress(entry.host(), entry.port(), null, tls, insecure);
            }
        }
        return new AgentConfig(address, RegistryPassword.parse(settings, "token"), DnsOptions.parse(settings));
    }

    /**
     * The settings that a short form stands for: the agent, TLS by the scheme's final s, and what the query names.
     *
     * @param pathKey what the path is called
     */
    static Map<String, Object> settingsOf(DiscoveryUri uri, String pathKey, String example) {
        if (uri.query().containsKey("token")) {
            throw new IllegalArgumentException(
                    "a token does not belong in a URI. Write discovery { type = …, token { file = … } }");
        }
        String path = uri.path().replaceAll("^/+|/+$", "");
        if (uri.authority().isEmpty() || path.isEmpty()) {
            throw new IllegalArgumentException("expected: " + example);
        }
        Map<String, Object> settings = new HashMap<>(DnsOptions.settingsOf(uri, Map.of()));
        settings.values().removeIf(""::equals);
        settings.put("address", uri.authority());
        settings.put(pathKey, path);
        if (uri.scheme().equals("consuls") || uri.scheme().equals("consuls-kv")) {
            settings.put("tls", Map.of("enabled", true));
        }
        return settings;
    }

    /** A comma list, as a short form gives it, or a list. */
    static List<String> words(Settings settings, String key) {
        return settings.strings(key).stream()
                .flatMap(text -> List.of(text.split(",")).stream())
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .toList();
    }

    static Duration maxWait(Settings settings) {
        Duration wait = settings.duration("wait", Duration.ofSeconds(30));
        if (wait.toSeconds() < 1 || wait.toMinutes() > 10) {
            settings.problem("wait", "is out of range. Give 1s to 10m");
            return Duration.ofSeconds(30);
        }
        return wait;
    }
}
