package io.ambassador.discovery.kubernetes;

import io.ambassador.discovery.support.IpAddresses;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.secret.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What Kubernetes tells each container of the cluster it runs in, and the files of its service account.
 *
 * @see <a href="https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/">Accessing the API from a pod</a>
 */
record InCluster(Map<String, String> environment, Path serviceAccount) {
    private static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
    private static final int MAX_TOKEN = 64 << 10;

    static InCluster ofThisProcess() {
        return new InCluster(System.getenv(), SERVICE_ACCOUNT);
    }

    /** {@code null} outside of a cluster. */
    @Nullable ServerAddress address() {
        String host = environment.get("KUBERNETES_SERVICE_HOST");
        if (host == null || host.isEmpty()) {
            return null;
        }
        String literal = IpAddresses.canonical(host);
        TlsOptions tls = new TlsOptions(serviceAccount.resolve("ca.crt"), null, null, null);
        return ServerAddress.tcp(literal == null ? host : literal, port(), tls);
    }

    private int port() {
        String port = environment.getOrDefault(
                "KUBERNETES_SERVICE_PORT_HTTPS", environment.getOrDefault("KUBERNETES_SERVICE_PORT", "443"));
        try {
            return Integer.parseInt(port);
        } catch (NumberFormatException e) {
            return 443;
        }
    }

    /** The token as its file holds it now; Kubernetes writes a new one there long before the old one expires. */
    CompletableFuture<Secret> token() {
        CompletableFuture<Secret> result = new CompletableFuture<>();
        Path file = serviceAccount.resolve("token");
        Thread reader = new Thread(
                () -> {
                    try {
                        result.complete(read(file));
                    } catch (IOException e) {
                        result.completeExceptionally(
                                new DiscoveryException("the service account's token cannot be read: " + e, e));
                    }
                },
                "ambassador-registry-password");
        reader.setDaemon(true);
        reader.start();
        return result;
    }

    private static Secret read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_TOKEN);
            int length = bytes.length;
            while (length > 0 && bytes[length - 1] <= ' ') {
                length--;
            }
            if (length == 0) {
                throw new IOException(file + " is empty");
            }
            byte[] token = Arrays.copyOf(bytes, length);
            Arrays.fill(bytes, (byte) 0);
            return Secret.owning(token);
        }
    }
}
