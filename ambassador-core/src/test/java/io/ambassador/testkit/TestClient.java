package io.ambassador.testkit;

import io.ambassador.spi.protocol.Client;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;

/**
 * A client without TLS, whose own credentials do not matter.
 *
 * @param isLoggedInFor whether the service has credentials
 */
public record TestClient(boolean isLoggedInFor) implements Client {
    @Override
    public boolean offersTls() {
        return false;
    }

    @Override
    public boolean requiresTls() {
        return false;
    }

    @Override
    public Future<Void> startTls(ChannelHandlerContext ctx) {
        return ctx.executor().newFailedFuture(new IllegalStateException("This client is plain text."));
    }

    @Override
    public boolean mustShowCredentials() {
        return false;
    }

    @Override
    public boolean accepts(String username, byte[] password) {
        return true;
    }
}
