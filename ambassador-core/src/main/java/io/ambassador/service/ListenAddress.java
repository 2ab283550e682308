package io.ambassador.service;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a listener binds. */
public sealed interface ListenAddress {
    /** @param port 0–65535; 0 takes a free one */
    record Tcp(String host, int port) implements ListenAddress {
        public Tcp {
            if (port < 0 || port > 65_535) {
                throw new IllegalArgumentException("port: " + port + " (expected: 0-65535)");
            }
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Tcp tcp && port == tcp.port && host.equals(tcp.host);
        }

        @Override
        public int hashCode() {
            return 31 * host.hashCode() + port;
        }

        @Override
        public String toString() {
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** A unix domain socket, made with mode 0600 and removed on close. */
    record Unix(Path path) implements ListenAddress {
        @Override
        public String toString() {
            return "unix:" + path;
        }
    }

    /**
     * Reads {@code 6379} (loopback), {@code 127.0.0.1:6379}, {@code [::1]:6379}, {@code *:6379} (every IPv4 address) or
     * {@code unix:/run/app/redis.sock}.
     *
     * @throws IllegalArgumentException if {@code text} is none of these
     */
    static ListenAddress parse(String text) {
        if (text.startsWith("unix:")) {
            if (text.length() == 5) {
                throw new IllegalArgumentException("unix: (expected: unix:/path)");
            }
            return new Unix(Path.of(text.substring(5)));
        }
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            return new Tcp("127.0.0.1", port(text, text));
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException(text + " (expected: brackets round an IPv6 address)");
        }
        if (host.isEmpty()) {
            throw new IllegalArgumentException(text + " (expected: host:port)");
        }
        return new Tcp(host.equals("*") ? "0.0.0.0" : host, port(text, text.substring(colon + 1)));
    }

    private static int port(String text, String port) {
        if (!port.matches("\\d{1,5}")) {
            throw new IllegalArgumentException(text + " (expected: a port, host:port or unix:/path)");
        }
        return Integer.parseInt(port);
    }

    /** To be bound. */
    default SocketAddress socketAddress() {
        return this instanceof Tcp tcp
                ? new InetSocketAddress(tcp.host(), tcp.port())
                : UnixDomainSocketAddress.of(((Unix) this).path());
    }

    /** Whether both cannot be bound at once. */
    default boolean overlaps(ListenAddress other) {
        if (!(this instanceof Tcp one) || !(other instanceof Tcp two)) {
            return equals(other);
        }
        return one.port() == two.port()
                && one.port() != 0 // which takes a free one
                && (one.host().equals(two.host()) || isEverywhere(one.host()) || isEverywhere(two.host()));
    }

    private static boolean isEverywhere(String host) {
        return host.equals("0.0.0.0") || host.equals("::");
    }

    /** Whether only processes of this machine reach it. */
    default boolean isLocal() {
        if (!(this instanceof Tcp tcp)) {
            return true;
        }
        byte[] address = NetUtil.createByteArrayFromIpAddressString(tcp.host());
        if (address == null) { // a name, which may lead anywhere
            return tcp.host().equalsIgnoreCase("localhost");
        }
        try {
            return InetAddress.getByAddress(address).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // four or sixteen bytes
        }
    }
}
