package io.ambassador.upstream;

import io.ambassador.explain.Phase;
import io.ambassador.service.Credentials;
import io.ambassador.service.SecretAnswer;
import io.ambassador.service.SecretKeeper;
import io.ambassador.service.SecretLease;
import io.ambassador.service.Service;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.spi.secret.Secret;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** Lends a service's credentials, and the means to use them, to one login on one connection. */
final class LoginContext implements Login {
    private final Service service;
    private final Connector connector;
    private final @Nullable SecretKeeper secrets;
    private final boolean borrowed;
    private @Nullable SecretLease lease;
    private final Endpoint endpoint;
    private final Channel channel;
    private final long deadline;
    private final Consumer<Phase> phases;
    private boolean secretUsed;
    private boolean over;
    private ServerRole role = ServerRole.UNKNOWN;

    /**
     * @param lease the secret for this attempt, which the caller closes; {@code null} to take one when it is asked for
     * @param deadline for what is done here, in {@link System#nanoTime}
     * @param phases told when TLS begins, and when it has succeeded
     */
    LoginContext(
            Service service,
            Connector connector,
            Endpoint endpoint,
            Channel channel,
            @Nullable SecretLease lease,
            long deadline,
            Consumer<Phase> phases) {
        this.service = service;
        this.connector = connector;
        this.secrets = service.secrets();
        this.lease = lease;
        this.borrowed = lease != null;
        this.endpoint = endpoint;
        this.channel = channel;
        this.deadline = deadline;
        this.phases = phases;
    }

    /** Whether a secret may be sent to {@code endpoint}, once TLS is there if the service wants it. */
    static boolean isSafe(Service service, Connector connector, Endpoint endpoint) {
        Credentials credentials = service.spec().credentials();
        return connector.encrypts() || isLocal(endpoint.host()) || credentials == null || credentials.insecure();
    }

    /** The server let us in: with the secret, if the protocol asked for it. */
    void accepted() {
        if (lease != null && secretUsed) {
            lease.accepted();
        }
    }

    /** The server refused the credentials. */
    void refused() {
        if (lease != null) {
            lease.refused();
        }
    }

    /** This login is over. */
    void close() {
        over = true;
        if (lease != null && !borrowed) {
            lease.close();
        }
    }

    /** Asking for the version counts as use: what was kept of it is as good as the secret. */
    private SecretLease lease() {
        if (lease == null) {
            SecretAnswer answer = secrets == null ? null : secrets.lease(Set.of());
            if (!(answer instanceof SecretLease granted)) {
                throw new NoSecretException(answer instanceof SecretAnswer.Wait wait && !wait.forRotation());
            }
            lease = granted;
        }
        secretUsed = true;
        return lease;
    }

    /** The version this login went by; 0 if it used none. */
    long usedVersion() {
        return lease != null && secretUsed ? lease.version() : 0;
    }

    /** What the backend said it is. */
    ServerRole role() {
        return role;
    }

    @Override
    public boolean hasSecret() {
        return secrets != null;
    }

    @Override
    public @Nullable String username() {
        return secrets == null ? null : secrets.username();
    }

    @Override
    public Secret secret() {
        if (over && secrets != null && secrets.lease(Set.of()) instanceof SecretLease later) {
            try (later) {
                return later.secret(); // a session logs in again on the same connection, with what is in use by now
            }
        }
        return lease().secret();
    }

    @Override
    public long secretVersion() {
        return secrets == null ? 0 : lease().version();
    }

    @Override
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public boolean confidential() {
        return !tlsPending() && isSafe(service, connector, endpoint);
    }

    @Override
    public boolean tlsPending() {
        return connector.encrypts() && channel.pipeline().get(SslHandler.class) == null;
    }

    @Override
    public Future<Void> startTls(ChannelHandlerContext ctx) {
        phases.accept(Phase.TLS);
        return connector.startTls(channel, endpoint, deadline).addListener(done -> {
            if (done.isSuccess()) {
                phases.accept(Phase.LOGIN);
            }
        });
    }

    @Override
    public @Nullable X509Certificate serverCertificate() {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            return null;
        }
        try {
            Certificate[] chain = tls.engine().getSession().getPeerCertificates();
            return chain.length > 0 && chain[0] instanceof X509Certificate own ? own : null;
        } catch (SSLPeerUnverifiedException e) {
            return null; // before the handshake is over
        }
    }

    @Override
    public <T> Future<T> compute(ChannelHandlerContext ctx, Callable<T> slow) {
        Promise<T> result = ctx.executor().newPromise();
        try {
            connector.computations().execute(() -> {
                try {
                    result.trySuccess(slow.call());
                } catch (Exception e) { // whatever it is, it is told to the one who asked
                    result.tryFailure(e);
                }
            });
        } catch (RejectedExecutionException e) {
            result.tryFailure(e); // shutting down
        }
        return result;
    }

    @Override
    public void serverRole(ServerRole seen) {
        role = seen;
    }

    /** There is no secret to log in with now. */
    static final class NoSecretException extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        private final boolean soon;

        /** @param soon whether it is being found out which one to use */
        NoSecretException(boolean soon) {
            super("There is no secret to log in with now.");
            this.soon = soon;
        }

        boolean soon() {
            return soon;
        }
    }

    private static boolean isLocal(String host) {
        return host.startsWith("127.") || host.equals("::1") || host.equals("0:0:0:0:0:0:0:1");
    }
}
