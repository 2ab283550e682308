package io.ambassador.discovery.kubernetes;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * How the API server is reached.
 *
 * @param address {@code null} for the one of the cluster that this runs in
 * @param token {@code null} for the service account's, or with {@code address} for none
 * @param options how its host name, and those among endpoints, are looked up
 */
record ApiServerConfig(
        @Nullable ServerAddress address, @Nullable Configured<SecretSourceProvider<?>> token, DnsOptions options) {
    /** Reads {@code server}, {@code tls}, {@code token}, {@code insecure}, and how names are looked up. */
    static ApiServerConfig parse(Settings settings) {
        String server = settings.optionalString("server");
        boolean insecure = settings.bool("insecure", false);
        TlsOptions tls = TlsOptions.parse(settings, server == null || !server.startsWith("http://"));
        Configured<SecretSourceProvider<?>> token = RegistryPassword.parse(settings, "token");
        ServerAddress address = null;
        if (server != null) {
            address = settings.parse(
                    "server", server, "an API server's https://host:port", text -> parseAddress(text, tls, insecure));
        } else {
            for (String key : new String[] {"tls", "token", "insecure"}) {
                if (settings.has(key)) {
                    settings.problem(key, "needs server. Inside a cluster, the service account brings its own");
                }
            }
        }
        return new ApiServerConfig(address, token, DnsOptions.parse(settings));
    }

    private static ServerAddress parseAddress(String text, @Nullable TlsOptions tls, boolean insecure) {
        URI uri = URI.create(text);
        boolean http = "http".equals(uri.getScheme());
        boolean whole = uri.getHost() != null
                && (http || "https".equals(uri.getScheme()))
                && (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"));
        if (!whole || http != (tls == null)) {
            throw new IllegalArgumentException(text);
        }
        String host = uri.getHost().replaceAll("[\\[\\]]", "");
        int port = uri.getPort() > 0 ? uri.getPort() : http ? 80 : 443;
        return new ServerAddress(EndpointEntry.of(host, port).host(), port, null, tls, insecure);
    }
}
