package io.ambassador.launcher.admin;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what other sites make a browser on this machine send: requests under a name of theirs that resolves to
 * loopback, and requests that one of their pages began.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-7.2">RFC 9110, sections 7.2 (Host)</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc6454#section-7">RFC 6454, section 7 (Origin)</a>
 */
final class SameMachine {
    private final String boundHost;

    SameMachine(String boundHost) {
        this.boundHost = boundHost;
    }

    /** Why a request with these headers is not answered; {@code null} if it is. */
    @Nullable String refusal(HttpHeaders headers) {
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        if (hosts.size() != 1 || !isOurs(hosts.get(0))) {
            return "The Host header must name this machine: localhost, 127.0.0.1 or [::1].";
        }
        for (String origin : headers.getAll(HttpHeaderNames.ORIGIN)) {
            if (!origin.equals("http://" + hosts.get(0))) {
                return "Pages of other origins may not use this address.";
            }
        }
        String site = headers.get("Sec-Fetch-Site");
        return site == null || site.equals("same-origin") || site.equals("none")
                ? null
                : "Pages of other origins may not use this address.";
    }

    private boolean isOurs(String authority) {
        int colon = authority.lastIndexOf(':');
        boolean port = colon > authority.lastIndexOf(']');
        if (port && !authority.substring(colon + 1).matches("\\d{1,5}")) {
            return false;
        }
        String host = (port ? authority.substring(0, colon) : authority).toLowerCase(Locale.ROOT);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
        return host.equals("localhost") || host.equals(boundHost) || (literal != null && literal.isLoopbackAddress());
    }
}
