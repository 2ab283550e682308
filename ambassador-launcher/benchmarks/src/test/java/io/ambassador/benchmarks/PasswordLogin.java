package io.ambassador.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.spi.secret.Secret;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.security.cert.X509Certificate;
import java.util.concurrent.Callable;

/** A login with a user and a password, which costs nothing itself. */
public final class PasswordLogin implements Login {
    public static final String USER = "orders";
    private static final Secret SECRET = Secret.owning("a-password-of-24-letters".getBytes(UTF_8));
    private static final Endpoint ENDPOINT = Endpoint.of("127.0.0.1", 1);

    @Override
    public boolean hasSecret() {
        return true;
    }

    @Override
    public String username() {
        return USER;
    }

    @Override
    public Secret secret() {
        return SECRET.copy();
    }

    @Override
    public long secretVersion() {
        return 1;
    }

    @Override
    public Endpoint endpoint() {
        return ENDPOINT;
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
        throw new UnsupportedOperationException();
    }

    @Override
    public X509Certificate serverCertificate() {
        return null;
    }

    @Override
    public <T> Future<T> compute(ChannelHandlerContext ctx, Callable<T> slow) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void serverRole(ServerRole role) {}
}
