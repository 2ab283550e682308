package io.ambassador.discovery.docker;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.Settings;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads where the engine is: as configured, else as the environment of Docker's own client says. */
final class EngineAddress {
    private static final ServerAddress USUAL = ServerAddress.unix(Path.of("/var/run/docker.sock"));
    private static final int PORT = 2375;
    private static final int TLS_PORT = 2376;

    private EngineAddress() {}

    static ServerAddress parse(Settings settings, Function<String, @Nullable String> environment) {
        TlsOptions tls = TlsOptions.parse(settings, false);
        String given = settings.optionalString("host");
        String text = given == null ? environment.apply("DOCKER_HOST") : given;
        if (text == null || text.isEmpty()) {
            return USUAL;
        }
        String certificates = environment.apply("DOCKER_CERT_PATH");
        String verify = environment.apply("DOCKER_TLS_VERIFY");
        boolean asDocker = given == null && !settings.has("tls") && verify != null && !verify.isEmpty();
        TlsOptions used = asDocker && certificates != null ? ofDocker(Path.of(certificates)) : tls;
        ServerAddress address =
                settings.parse("host", text, "unix:///path or tcp://host:port", value -> parse(value, used));
        if (address != null && address.socket() == null && address.tls() == null && !isLoopback(address)) {
            settings.warning(
                    "host",
                    "whoever is in between can change what the engine says, and whoever reaches it rules its machine."
                            + " Use TLS, tls { … }");
        }
        return address == null ? USUAL : address;
    }

    private static ServerAddress parse(String text, @Nullable TlsOptions tls) {
        if (text.startsWith("unix://") && text.length() > 7) {
            return ServerAddress.unix(Path.of(text.substring(7)));
        }
        if (!text.startsWith("tcp://")) {
            throw new IllegalArgumentException(text);
        }
        String authority = text.substring(6).replaceAll("/+$", "");
        EndpointEntry entry = EndpointEntry.parseServer(authority, tls == null ? PORT : TLS_PORT);
        return ServerAddress.tcp(entry.host(), entry.port(), tls);
    }

    private static TlsOptions ofDocker(Path folder) {
        return new TlsOptions(folder.resolve("ca.pem"), folder.resolve("cert.pem"), folder.resolve("key.pem"), null);
    }

    private static boolean isLoopback(ServerAddress address) {
        return address.host().equals("localhost")
                || address.host().startsWith("127.")
                || address.host().equals("::1");
    }
}
