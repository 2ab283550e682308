package io.ambassador.discovery.links;

import io.ambassador.discovery.support.EndpointEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One port of one linked container, {@code NAME_PORT_<n>_TCP=tcp://host:port}.
 *
 * @param name as the variable begins, with the number of one of several containers: {@code REDIS}, {@code REDIS_1}
 * @param port {@code <n>}, inside the container
 * @param entry where it is reached
 */
public record Link(String name, int port, EndpointEntry entry) {
    private static final Pattern VARIABLE = Pattern.compile("(\\w+)_PORT_(\\d{1,5})_TCP(_ADDR)?");
    private static final Pattern NUMBERED = Pattern.compile("(\\w+?)_\\d+");
    private static final String SCHEME = "tcp://";
    private static final int MOST_PORTS = 65_535;

    /**
     * All that {@code environment} tells, by name and port. Where a variable is missing, what Docker repeats in
     * {@code …_TCP_ADDR} and {@code …_TCP_PORT} stands for it.
     *
     * @throws IllegalArgumentException if a variable of such a name has another kind of value
     */
    public static List<Link> in(Map<String, String> environment) {
        Map<String, Link> links = new TreeMap<>();
        new TreeMap<>(environment).forEach((variable, value) -> {
            Matcher matcher = VARIABLE.matcher(variable);
            if (!matcher.matches() || isNoPort(matcher.group(2))) {
                return;
            }
            String whole =
                    matcher.group(3) == null ? variable : variable.substring(0, matcher.end(2) + "_TCP".length());
            if (matcher.group(3) == null || !environment.containsKey(whole)) {
                int port = Integer.parseInt(matcher.group(2));
                String text = matcher.group(3) == null ? value : pieces(whole, port, environment);
                links.put(whole, new Link(matcher.group(1), port, entry(whole, text, matcher.group(1))));
            }
        });
        return List.copyOf(links.values());
    }

    /**
     * What to follow for each linked port; a service under two names is followed under the first of them.
     *
     * @throws IllegalArgumentException if nothing is linked, two services have a port in common, or as {@link #in} says
     */
    public static SortedMap<Integer, String> services(Map<String, String> environment) {
        List<Link> links = in(environment);
        if (links.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing is linked (expected: environment variables such as REDIS_PORT_6379_TCP=tcp://host:port)");
        }
        SortedMap<Integer, String> services = new TreeMap<>();
        for (Link link : links) {
            String other = services.putIfAbsent(link.port(), link.service());
            if (other != null
                    && !other.equals(link.service())
                    && !places(other, link.port(), links).equals(places(link.service(), link.port(), links))) {
                throw new IllegalArgumentException("port " + link.port() + " is linked of " + other + " and of "
                        + link.service() + ". Forward each by its name instead: ambassador forward " + link.port()
                        + "=links://" + other + ":" + link.port() + " " + (link.port() + 1) + "=links://"
                        + link.service() + ":" + link.port());
            }
        }
        return services;
    }

    private static Set<String> places(String service, int port, List<Link> links) {
        return of(service, links).stream()
                .filter(link -> link.port() == port)
                .map(Link::at)
                .collect(Collectors.toSet());
    }

    /** The name without the number of one of several containers. */
    public String service() {
        Matcher numbered = NUMBERED.matcher(name);
        return numbered.matches() ? numbered.group(1) : name;
    }

    /** As the variable tells it, to compare. */
    String at() {
        return entry.host() + " " + entry.port();
    }

    /** Those of {@code alias} or, numbered, of several containers under it; each place once. */
    static List<Link> of(String alias, Collection<Link> links) {
        Map<String, Link> places = new TreeMap<>();
        for (Link link : links) {
            if (link.name().equals(alias) || link.service().equals(alias)) {
                places.putIfAbsent(link.port() + " " + link.at(), link);
            }
        }
        return new ArrayList<>(places.values());
    }

    /** How Docker writes {@code alias} in variables. */
    static String variableName(String alias) {
        return alias.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9_]", "_");
    }

    private static boolean isNoPort(String digits) {
        int port = Integer.parseInt(digits);
        return port < 1 || port > MOST_PORTS;
    }

    private static @Nullable String pieces(String whole, int port, Map<String, String> environment) {
        String host = environment.get(whole + "_ADDR");
        String at = environment.getOrDefault(whole + "_PORT", Integer.toString(port));
        return host != null && host.indexOf(':') >= 0 ? SCHEME + "[" + host + "]:" + at : SCHEME + host + ":" + at;
    }

    private static EndpointEntry entry(String variable, @Nullable String value, String name) {
        if (value == null || !value.startsWith(SCHEME)) {
            throw new IllegalArgumentException(
                    "environment variable " + variable + ": \"" + value + "\" (expected: tcp://host:port)");
        }
        try {
            return EndpointEntry.parse(value.substring(SCHEME.length())).withMetadata("link", name);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("environment variable " + variable + ": " + e.getMessage(), e);
        }
    }
}
