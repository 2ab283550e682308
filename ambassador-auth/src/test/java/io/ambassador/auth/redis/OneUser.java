package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.Client;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;

/**
 * A client whose own credentials are {@code me} and {@code mine}, or {@code mine} alone.
 *
 * @param judged the passwords it has shown, to see whether they are wiped
 */
record OneUser(boolean mustShowCredentials, List<byte[]> judged) implements Client {
    OneUser(boolean mustShowCredentials) {
        this(mustShowCredentials, new ArrayList<>());
    }

    @Override
    public boolean accepts(String username, byte[] password) {
        judged.add(password);
        return (username == null || username.equals("me")) && new String(password, UTF_8).equals("mine");
    }

    @Override
    public boolean isLoggedInFor() {
        return true;
    }

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
}
