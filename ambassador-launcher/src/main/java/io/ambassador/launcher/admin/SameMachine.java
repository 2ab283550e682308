package io.ambassador.launcher.admin;

import io.ambassador.service.ListenAddress;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what other sites make a browser send: requests under a name of theirs that resolves to this address, and
 * requests that one of their pages began.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-7.2">RFC 9110, sections 7.2 (Host)</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc6454#section-7">RFC 6454, section 7 (Origin)</a>
 */
final class SameMachine {
    private final Set<String> given;
    private final String bound;
    private final boolean anyLiteral;

    SameMachine(AdminSpec spec) {
        given = spec.hosts().stream().map(host -> host.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
        bound = spec.listen() instanceof ListenAddress.Tcp tcp ? tcp.host().toLowerCase(Locale.ROOT) : "localhost";
        // Beyond loopback it has addresses that it does not know, and no site can make an address its name.
        anyLiteral = !spec.listen().isLocal();
    }

    /** Why a request with these headers is not answered; {@code null} if it is. */
    @Nullable String refusal(HttpHeaders headers) {
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        if (hosts.size() != 1 || !isOurs(hosts.get(0))) {
            return "The Host header must name this machine"
                    + (anyLiteral ? " by its address, " : ": localhost, 127.0.0.1, [::1]") + " or one of admin.hosts.";
        }
        for (String origin : headers.getAll(HttpHeaderNames.ORIGIN)) {
            boolean proxied = given.contains(host(hosts.get(0))) && origin.equals("https://" + hosts.get(0));
            if (!proxied && !origin.equals("http://" + hosts.get(0))) {
                return "Pages of other origins may not use this address.";
            }
        }
        String site = headers.get("Sec-Fetch-Site");
        return site == null || site.equals("same-origin") || site.equals("none")
                ? null
                : "Pages of other origins may not use this address.";
    }

    private boolean isOurs(String authority) {
        String host = host(authority);
        if (host == null) {
            return false;
        }
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
        return host.equals("localhost")
                || host.equals(bound)
                || given.contains(host)
                || (literal != null && (anyLiteral || literal.isLoopbackAddress()));
    }

    /** Without brackets and port; {@code null} if what should be one is none. */
    private static @Nullable String host(String authority) {
        int colon = authority.lastIndexOf(':');
        boolean port = colon > authority.lastIndexOf(']');
        if (port && !authority.substring(colon + 1).matches("\\d{1,5}")) {
            return null;
        }
        String host = (port ? authority.substring(0, colon) : authority).toLowerCase(Locale.ROOT);
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }
}
