package io.ambassador.discovery.support;

import io.ambassador.spi.discovery.Endpoint;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * One endpoint as somebody wrote it down; its host may still be a name.
 *
 * @param host an address in its one spelling without brackets, or a DNS name
 * @param weight shared among the addresses that a name has; 0 means drain
 */
public record EndpointEntry(
        String host, int port, int weight, int priority, String zone, Set<String> tags, Map<String, String> metadata) {
    private static final Pattern NAME = Pattern.compile("(?!-)[\\w-]{1,63}(\\.[\\w-]{1,63})*\\.?");
    private static final Pattern ENDS_IN_NUMBER = Pattern.compile("(.*\\.)?\\d+\\.?");

    /** @throws IllegalArgumentException if something is out of range, or the host neither address nor name */
    public EndpointEntry {
        String address = IpAddresses.canonical(host);
        if (address != null) {
            host = address;
        } else if (!isName(host)) {
            throw new IllegalArgumentException("host: \"" + host + "\" (expected: an address or a DNS name)");
        }
        // The rest has the same limits as an endpoint.
        Endpoint checked = new Endpoint("0.0.0.0", port, weight, priority, zone, tags, metadata);
        tags = checked.tags();
        metadata = checked.metadata();
    }

    /** In no zone, without tags. */
    public EndpointEntry(String host, int port, int weight, int priority, Map<String, String> metadata) {
        this(host, port, weight, priority, "", Set.of(), metadata);
    }

    /** With weight 1, priority 0, and nothing else known of it. */
    public static EndpointEntry of(String host, int port) {
        return new EndpointEntry(host, port, 1, 0, Map.of());
    }

    /** The endpoint at one of the addresses that the host has. */
    public Endpoint at(String address, int share) {
        return new Endpoint(address, port, share, priority, zone, tags, metadata);
    }

    public EndpointEntry withWeight(int other) {
        return new EndpointEntry(host, port, other, priority, zone, tags, metadata);
    }

    /** With {@code key} in the metadata, unless it is there already. */
    public EndpointEntry withMetadata(String key, String value) {
        Map<String, String> more = new HashMap<>(metadata);
        more.putIfAbsent(key, value);
        return new EndpointEntry(host, port, weight, priority, zone, tags, more);
    }

    /**
     * Reads {@code host:port}, {@code [v6]:port}, either followed by {@code ;weight=n}, {@code ;priority=n},
     * {@code ;zone=z} and any number of {@code ;tag=t}.
     *
     * @throws IllegalArgumentException if it is anything else; the message says what
     */
    public static EndpointEntry parse(String text) {
        String[] parts = text.split(";", -1);
        String address = parts[0].trim();
        int colon = address.lastIndexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException("\"" + text + "\" has no port (expected: host:port)");
        }
        String host = address.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: brackets round IPv6, as [::1]:6379)");
        }
        int port = number("port", address.substring(colon + 1));
        int weight = 1;
        int priority = 0;
        String zone = "";
        Set<String> tags = new HashSet<>();
        for (int i = 1; i < parts.length; i++) {
            String part = parts[i].trim();
            int equals = part.indexOf('=');
            String key = equals < 0 ? part : part.substring(0, equals).trim();
            String value = equals < 0 ? "" : part.substring(equals + 1).trim();
            switch (key.toLowerCase(Locale.ROOT)) {
                case "weight" -> weight = number("weight", value);
                case "priority" -> priority = number("priority", value);
                case "zone" -> zone = word("zone", value);
                case "tag" -> tags.add(word("tag", value));
                default ->
                    throw new IllegalArgumentException(
                            "\"" + part + "\" (expected: weight=n, priority=n, zone=z or tag=t after the ;)");
            }
        }
        return new EndpointEntry(host, port, weight, priority, zone, tags, Map.of());
    }

    /**
     * Reads {@code host} or {@code host:port} of a registry's server, with nothing behind it.
     *
     * @throws IllegalArgumentException if it is anything else
     */
    public static EndpointEntry parseServer(String text, int usualPort) {
        if (text.indexOf(';') >= 0) {
            throw new IllegalArgumentException(text);
        }
        return parse(text.lastIndexOf(':') > text.lastIndexOf(']') ? text : text + ":" + usualPort);
    }

    /** Whether the host is an address already. */
    public boolean isLiteral() {
        return IpAddresses.parse(host) != null;
    }

    /** Whether {@code host} can be looked up: letters, digits, hyphens, underscores, and no number at its end. */
    public static boolean isName(String host) {
        return host.length() <= 254
                && NAME.matcher(host).matches()
                && !ENDS_IN_NUMBER.matcher(host).matches();
    }

    private static String word(String what, String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException(what + ": is empty (expected: a word)");
        }
        return text;
    }

    private static int number(String what, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(what + ": \"" + text + "\" (expected: a whole number)", e);
        }
    }
}
