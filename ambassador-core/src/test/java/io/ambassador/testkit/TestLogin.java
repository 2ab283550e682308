package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.spi.secret.Secret;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;

/** A login with given credentials, which remembers each secret it handed out. */
public final class TestLogin implements Login {
    private final String username;
    private final String password;
    private final boolean confidential;
    private final List<Secret> handedOut = new CopyOnWriteArrayList<>();
    private volatile ServerRole role;

    public TestLogin(String username, String password) {
        this(username, password, true);
    }

    public TestLogin(String username, String password, boolean confidential) {
        this.username = username;
        this.password = password;
        this.confidential = confidential;
    }

    @Override
    public boolean hasSecret() {
        return true;
    }

    @Override
    public String username() {
        return username;
    }

    @Override
    public Secret secret() {
        Secret secret = Secret.owning(password.getBytes(UTF_8));
        handedOut.add(secret);
        return secret;
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
        return confidential;
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
        Promise<T> result = ctx.executor().newPromise();
        new Thread(() -> {
                    try {
                        result.setSuccess(slow.call());
                    } catch (Exception e) {
                        result.setFailure(e);
                    }
                })
                .start();
        return result;
    }

    @Override
    public void serverRole(ServerRole seen) {
        role = seen;
    }

    /** What the backend was reported to be; {@code null} if nothing was. */
    public ServerRole role() {
        return role;
    }

    /** Whether each secret handed out has been closed. */
    public boolean allWiped() {
        for (Secret secret : handedOut) {
            try {
                secret.reveal();
                return false;
            } catch (IllegalStateException wiped) {
                // as it should be
            }
        }
        return true;
    }
}
