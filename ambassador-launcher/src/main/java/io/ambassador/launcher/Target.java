package io.ambassador.launcher;

import io.ambassador.spi.discovery.DiscoveryUri;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code forward} is told: {@code [LISTEN=]TARGET}, where a target is, tried in this order, a URI, a comma list
 * of {@code host:port}, one {@code host:port}, or the name of SRV records.
 *
 * @param listen {@code null} if it is left to the default
 * @param uri of the discovery source
 */
record Target(@Nullable String listen, String uri) {
    static final int DEFAULT_PORT = 10_000;

    private static final Pattern LISTEN = Pattern.compile("(\\d{1,5}|unix:[^=]+|[^=/?,]+:\\d{1,5})=(.+)");
    private static final Pattern HOST_PORT = Pattern.compile("(\\[[0-9A-Fa-f:.%]+]|[^\\s:/?#,=]+):(\\d{1,5})");
    private static final Pattern NAME = Pattern.compile("(?=.*\\.)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?");

    static boolean isTarget(String word) {
        return parse(word) != null;
    }

    /** {@code null} if {@code word} is no target. */
    static @Nullable Target parse(String word) {
        Matcher given = LISTEN.matcher(word);
        String listen = given.matches() ? given.group(1) : null;
        String target = given.matches() ? given.group(2) : word;
        if (target.indexOf("://") > 0) {
            return new Target(listen, target);
        }
        if (target.indexOf(',') >= 0 || HOST_PORT.matcher(target).matches()) {
            for (String member : target.split(",", -1)) {
                if (!HOST_PORT.matcher(member.trim()).matches()) {
                    return null;
                }
            }
            return new Target(listen, "static://" + target.replace(" ", ""));
        }
        return NAME.matcher(target).matches() ? new Target(listen, "srv://" + target) : null;
    }

    /** Where to listen: as told, else as {@code port} says, else on the destination's port, else on 10000. */
    String listen(@Nullable String port) {
        if (listen != null) {
            return listen;
        }
        return port != null && !port.isEmpty() ? port : Integer.toString(destinationPort());
    }

    private int destinationPort() {
        String authority = DiscoveryUri.parse(uri).authority();
        Matcher first = HOST_PORT.matcher(authority.split("[,;]", -1)[0]);
        return first.matches() && (uri.startsWith("static://") || uri.startsWith("dns://"))
                ? Integer.parseInt(first.group(2))
                : DEFAULT_PORT;
    }
}
