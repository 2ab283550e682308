package io.ambassador.auth.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.spi.secret.Secret;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.security.cert.X509Certificate;
import java.util.concurrent.Callable;

/** A login that does everything at once, on the thread of the fuzzer. */
record FuzzLogin() implements Login {
    @Override
    public boolean hasSecret() {
        return true;
    }

    @Override
    public String username() {
        return "app";
    }

    @Override
    public Secret secret() {
        return Secret.owning("pencil".getBytes(UTF_8));
    }

    @Override
    public long secretVersion() {
        return 1;
    }

    @Override
    public Endpoint endpoint() {
        return Endpoint.of("127.0.0.1", 1);
    }

    @Override
    public boolean confidential() {
        return true;
    }

    @Override
    public boolean tlsPending() {
        return false;
    }

    @Override
    public Future<Void> startTls(ChannelHandlerContext ctx) {
        return ctx.executor().newFailedFuture(new IllegalStateException("This login is plain text."));
    }

    @Override
    public X509Certificate serverCertificate() {
        return null;
    }

    @Override
    public <T> Future<T> compute(ChannelHandlerContext ctx, Callable<T> slow) {
        try {
            return ctx.executor().newSucceededFuture(slow.call());
        } catch (Exception e) {
            return ctx.executor().newFailedFuture(e);
        }
    }

    @Override
    public void serverRole(ServerRole role) {}
}
