package io.ambassador.discovery.dns;

import io.ambassador.discovery.support.IpAddresses;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How names are looked up; the settings that every source with host names shares.
 *
 * @param resolvers servers to ask, in order; empty means the system's {@code /etc/resolv.conf} and {@code /etc/hosts}
 * @param family which addresses count
 * @param timeout for one look-up over all servers, at least 100 ms
 */
public record DnsOptions(List<InetSocketAddress> resolvers, Family family, Duration timeout) {
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration LEAST_TIMEOUT = Duration.ofMillis(100);
    private static final int DNS_PORT = 53;

    public DnsOptions {
        resolvers = List.copyOf(resolvers);
    }

    /** The system's resolver, both families, 3 s. */
    public static DnsOptions system() {
        return new DnsOptions(List.of(), Family.ANY, DEFAULT_TIMEOUT);
    }

    /** Reads {@code resolver}, {@code family} and {@code timeout}. */
    public static DnsOptions parse(Settings settings) {
        Duration timeout = settings.duration("timeout", DEFAULT_TIMEOUT);
        if (timeout.compareTo(LEAST_TIMEOUT) < 0) {
            settings.problem("timeout", "is too short. Give 100ms or more");
        }
        return new DnsOptions(
                settings.list("resolver", "a DNS server's address such as 127.0.0.1:53", DnsOptions::resolver),
                settings.word("family", Family.ANY),
                timeout);
    }

    /** The same keys from a short form's query, beside {@code settings}; other keys are passed on to be refused. */
    public static Map<String, Object> settingsOf(DiscoveryUri uri, Map<String, ?> settings) {
        Map<String, Object> all = new HashMap<>(uri.query());
        String resolver = uri.query().get("resolver");
        if (resolver != null) {
            all.put("resolver", Arrays.asList(resolver.split(",")));
        }
        all.putAll(settings);
        return all;
    }

    /** Reads {@code address}, {@code address:port} or {@code [v6]:port}; the port is 53 unless given. */
    static InetSocketAddress resolver(String text) {
        InetAddress alone = IpAddresses.parse(text);
        if (alone != null) {
            return new InetSocketAddress(alone, DNS_PORT);
        }
        int colon = text.lastIndexOf(':');
        String host = colon < 0 || text.endsWith("]") ? text : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        InetAddress address = IpAddresses.parse(host);
        int port = colon < 0 || text.endsWith("]") ? DNS_PORT : Integer.parseInt(text.substring(colon + 1));
        if (address == null || port < 1) {
            throw new IllegalArgumentException(text);
        }
        return new InetSocketAddress(address, port);
    }
}
