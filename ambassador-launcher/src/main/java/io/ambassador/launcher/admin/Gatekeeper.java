package io.ambassador.launcher.admin;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which request is answered: one that no foreign page has made a browser send, and that shows the token if it must. On
 * the admin thread.
 */
final class Gatekeeper {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.admin");

    private final SameMachine sameMachine;
    private final @Nullable AdminToken token;
    private final boolean everything;
    private long refused;
    private long nextLine = System.nanoTime();

    /** @param token {@code null} for none */
    Gatekeeper(AdminSpec spec, @Nullable AdminToken token) {
        this.sameMachine = new SameMachine(spec);
        this.token = token;
        this.everything = spec.tokenFor() == AdminSpec.TokenFor.EVERYTHING;
    }

    /** Why {@code request} is not answered; {@code null} if it is. */
    @Nullable Reply refusal(HttpRequest request, @Nullable SocketAddress from) {
        String foreign = sameMachine.refusal(request.headers());
        if (foreign != null) {
            return Reply.text(HttpResponseStatus.FORBIDDEN, foreign);
        }
        if (token == null || !needsToken(request)) {
            return null;
        }
        AdminToken.Verdict verdict = token.judge(request.headers().get(HttpHeaderNames.AUTHORIZATION));
        if (verdict == AdminToken.Verdict.UNREADABLE) {
            return Reply.text(
                    HttpResponseStatus.SERVICE_UNAVAILABLE, "The admin token cannot be read; the log says why.");
        }
        if (verdict == AdminToken.Verdict.RIGHT) {
            return null;
        }
        log(from);
        return Reply.text(
                        HttpResponseStatus.UNAUTHORIZED,
                        "This needs the admin token: Authorization: Bearer …, or --admin-token-file of a command.")
                .with("WWW-Authenticate", "Bearer realm=\"ambassador\"");
    }

    /** At most a line a second. */
    private void log(@Nullable SocketAddress from) {
        refused++;
        long now = System.nanoTime();
        if (now - nextLine >= 0) {
            LOG.warn(
                    "A request without the right token was refused, from {}: {} since the last such line.",
                    from instanceof InetSocketAddress ? from : "a unix socket",
                    refused);
            refused = 0;
            nextLine = now + TimeUnit.SECONDS.toNanos(1);
        }
    }

    /** Whatever might change something does, and what tells something where the configuration says so. */
    private boolean needsToken(HttpRequest request) {
        boolean reads =
                request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
        return !reads || everything && !Router.isOpen(request.uri());
    }
}
