package io.ambassador.discovery.support.net;

import io.ambassador.discovery.support.TlsOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a server is, and how it is spoken to.
 *
 * @param host an address without brackets or a DNS name; {@code localhost} for a unix socket
 * @param port 0 for a unix socket
 * @param socket {@code null} for TCP
 * @param tls {@code null} for plain text
 * @param insecure whether secrets may cross a network in plain text
 */
public record ServerAddress(
        String host,
        int port,
        @Nullable Path socket,
        @Nullable TlsOptions tls,
        boolean insecure) {
    /** TCP, in plain text if {@code tls} is {@code null}; secrets then stay on this machine. */
    public static ServerAddress tcp(String host, int port, @Nullable TlsOptions tls) {
        return new ServerAddress(host, port, null, tls, false);
    }

    public static ServerAddress unix(Path socket) {
        return new ServerAddress("localhost", 0, socket, null, false);
    }

    /** {@code host:port}, or the socket's path: as messages name it. */
    @Override
    public String toString() {
        return socket == null ? authority() : socket.toString();
    }

    /** {@code host:port}, as a {@code Host} header names it. */
    public String authority() {
        if (socket != null) {
            return host;
        }
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
