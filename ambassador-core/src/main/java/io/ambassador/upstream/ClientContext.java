package io.ambassador.upstream;

import io.ambassador.service.Service;
import io.ambassador.spi.protocol.Client;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** What a service allows the session of one client. */
final class ClientContext implements Client {
    private final Service service;
    private final Channel channel;

    ClientContext(Service service, Channel channel) {
        this.service = service;
        this.channel = channel;
    }

    @Override
    public boolean isLoggedInFor() {
        return service.secrets() != null;
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
        return channel.eventLoop().newFailedFuture(new IllegalStateException("The service offers no TLS."));
    }

    @Override
    public boolean mustShowCredentials() {
        return false;
    }

    @Override
    public boolean accepts(@Nullable String username, byte[] password) {
        return true;
    }
}
