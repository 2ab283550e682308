package io.ambassador.upstream;

import io.ambassador.service.ClientTlsSpec;
import io.ambassador.service.Service;
import io.ambassador.spi.protocol.Client;
import io.ambassador.transport.ListenerTls;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** What a service allows the session of one client. */
final class ClientContext implements Client {
    private final Gateway gateway;
    private final Service service;
    private final Channel channel;

    ClientContext(Gateway gateway, Channel channel) {
        this.gateway = gateway;
        this.service = gateway.service();
        this.channel = channel;
    }

    @Override
    public boolean isLoggedInFor() {
        return service.secrets() != null;
    }

    @Override
    public boolean offersTls() {
        return gateway.tls() != null && !gateway.encryptsAtOnce();
    }

    @Override
    public boolean requiresTls() {
        ClientTlsSpec spec = service.spec().clientTls();
        return offersTls() && spec != null && spec.mode() == ClientTlsSpec.Mode.REQUIRE;
    }

    @Override
    public Future<Void> startTls(ChannelHandlerContext ctx) {
        ListenerTls tls = gateway.tls();
        return tls == null
                ? channel.eventLoop().newFailedFuture(new IllegalStateException("The service offers no TLS."))
                : tls.start(channel, ctx.name(), service.spec().limits().greetingTimeout());
    }

    @Override
    public boolean mustShowCredentials() {
        return service.clientCheck().mustShow();
    }

    @Override
    public boolean accepts(@Nullable String username, byte[] password) {
        return service.clientCheck().accepts(username, password);
    }
}
