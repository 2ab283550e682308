package io.ambassador.upstream;

import io.ambassador.health.Prober;
import io.ambassador.service.PooledEndpoint;
import io.ambassador.service.SecretKeeper;
import io.ambassador.service.Service;
import io.ambassador.spi.Configured;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.transport.Transport;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Probes endpoints over connections made as clients' are: with TLS, and with the service's own credentials. */
public final class EndpointProber implements Prober {
    private static final long AGAIN_MILLIS = 50;

    private final Service service;
    private final Connector connector;
    private final Transport transport;
    private final Probe probe;

    public EndpointProber(
            Service service, Connector connector, Transport transport, Configured<ProbeProvider<?>> configured) {
        this.service = service;
        this.connector = connector;
        this.transport = transport;
        this.probe = create(configured);
    }

    @Override
    public void probe(PooledEndpoint endpoint, Consumer<ProbeResult> result) {
        EventLoop loop = transport.next();
        if (loop.isShuttingDown()) {
            result.accept(ProbeResult.unhealthy("the ambassador is shutting down"));
            return;
        }
        long patience = System.nanoTime() + service.spec().health().timeout().toNanos();
        loop.execute(() -> begin(loop, endpoint, patience, result));
    }

    /** @param patience until when to try again while other logins find out which secret is accepted */
    private void begin(EventLoop loop, PooledEndpoint endpoint, long patience, Consumer<ProbeResult> result) {
        Duration timeout = service.spec().health().timeout();
        Promise<ProbeResult> answer = loop.newPromise();
        Future<?> timer = loop.schedule(
                () -> answer.trySuccess(ProbeResult.unhealthy("no answer within " + timeout.toMillis() + " ms")),
                timeout.toNanos(),
                TimeUnit.NANOSECONDS);
        Promise<Channel> connected = connector.connect(loop, endpoint.endpoint(), timeout, null, () -> {});
        connected.addListener(done -> {
            if (done.isSuccess()) {
                ask(connected.getNow(), endpoint, answer);
            } else if (!done.isCancelled()) {
                answer.tryFailure(done.cause());
            }
        });
        answer.addListener(done -> {
            timer.cancel(false);
            connected.cancel(false);
            if (connected.isSuccess()) {
                connected.getNow().close();
            }
            if (done.cause() instanceof LoginContext.NoSecretException) {
                withoutSecret(loop, endpoint, patience, result, (LoginContext.NoSecretException) done.cause());
                return;
            }
            result.accept(done.isSuccess() ? answer.getNow() : ProbeResult.unhealthy(Failures.describe(done.cause())));
        });
    }

    private void ask(Channel channel, PooledEndpoint endpoint, Promise<ProbeResult> answer) {
        SecretKeeper secrets = service.secrets();
        boolean logsIn = secrets != null
                && secrets.isAvailable()
                && LoginContext.isSafe(service, connector, endpoint.endpoint());
        long deadline = System.nanoTime() + service.spec().health().timeout().toNanos();
        LoginContext login =
                new LoginContext(service, connector, endpoint.endpoint(), channel, null, deadline, phase -> {});
        Promise<ProbeResult> asked = channel.eventLoop().newPromise();
        Handshake<ProbeResult> handler = probe.handler(asked, endpoint.endpoint(), logsIn ? login : null);
        if (handler == null) {
            answer.trySuccess(ProbeResult.healthy(ServerRole.UNKNOWN, "connected"));
            return;
        }
        asked.addListener(done -> {
            report(login, asked);
            if (done.isSuccess()) {
                answer.trySuccess(asked.getNow());
            } else if (isRefusal(done.cause())) {
                answer.trySuccess(withoutLogin(endpoint, Failures.describe(done.cause())));
            } else {
                answer.tryFailure(done.cause());
            }
        });
        answer.addListener(over -> asked.cancel(false));
        channel.pipeline().addLast("probe", handler);
    }

    private void report(LoginContext login, Promise<ProbeResult> asked) {
        if (login.usedVersion() != 0) {
            service.loginBegins();
        }
        if (asked.isSuccess() && asked.getNow().healthy()) {
            login.accepted();
        } else if (isRefusal(asked.cause())) {
            login.refused();
            service.loginFailed("refused");
        }
        login.close();
    }

    private void withoutSecret(
            EventLoop loop,
            PooledEndpoint endpoint,
            long patience,
            Consumer<ProbeResult> result,
            LoginContext.NoSecretException why) {
        if (why.soon() && System.nanoTime() - patience < 0 && !loop.isShuttingDown()) {
            loop.schedule(() -> begin(loop, endpoint, patience, result), AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            result.accept(withoutLogin(endpoint, "the login is not tried again yet"));
        }
    }

    /**
     * What to think of an endpoint that takes connections, but cannot be logged in at. If the credentials were accepted
     * before, a password is being changed, which is nothing against the endpoint: it stays what it was.
     */
    private ProbeResult withoutLogin(PooledEndpoint endpoint, String why) {
        SecretKeeper secrets = service.secrets();
        boolean wrong = secrets != null && !service.hasLoggedIn() && secrets.untilRetry() != null;
        return wrong
                ? ProbeResult.unhealthy("the credentials are refused: " + why)
                : ProbeResult.healthy(endpoint.seenRole(), "connected; " + why);
    }

    private static boolean isRefusal(@Nullable Throwable cause) {
        return cause instanceof LoginException login && login.kind() == LoginException.Kind.REFUSED;
    }

    @SuppressWarnings("unchecked") // a provider's own config is the only one it is ever paired with
    private static Probe create(Configured<ProbeProvider<?>> configured) {
        return ((ProbeProvider<Record>) configured.provider()).create(configured.config());
    }
}
