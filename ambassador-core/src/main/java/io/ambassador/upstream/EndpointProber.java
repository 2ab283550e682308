package io.ambassador.upstream;

import io.ambassador.health.Prober;
import io.ambassador.service.PooledEndpoint;
import io.ambassador.service.SecretAnswer;
import io.ambassador.service.SecretKeeper;
import io.ambassador.service.SecretLease;
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
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Probes endpoints over connections made as clients' are: with TLS, and with the service's own credentials. */
public final class EndpointProber implements Prober {
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
        loop.execute(() -> begin(loop, endpoint, result));
    }

    private void begin(EventLoop loop, PooledEndpoint endpoint, Consumer<ProbeResult> result) {
        Duration timeout = service.spec().health().timeout();
        Promise<ProbeResult> answer = loop.newPromise();
        Future<?> timer = loop.schedule(
                () -> answer.trySuccess(ProbeResult.unhealthy("no answer within " + timeout.toMillis() + " ms")),
                timeout.toNanos(),
                TimeUnit.NANOSECONDS);
        Promise<Channel> connected = connector.connect(loop, endpoint.endpoint(), timeout, null);
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
            result.accept(done.isSuccess() ? answer.getNow() : ProbeResult.unhealthy(Failures.describe(done.cause())));
        });
    }

    private void ask(Channel channel, PooledEndpoint endpoint, Promise<ProbeResult> answer) {
        SecretKeeper secrets = service.secrets();
        boolean safe = LoginContext.isSafe(service, connector, endpoint.endpoint());
        SecretAnswer secret = secrets != null && secrets.isAvailable() && safe ? secrets.lease(Set.of()) : null;
        if (secrets != null && secret != null && !(secret instanceof SecretLease)) {
            answer.trySuccess(withoutLogin(endpoint, secrets, "the login is not tried again yet"));
            return;
        }
        SecretLease lease = secret instanceof SecretLease granted ? granted : null;
        long deadline = System.nanoTime() + service.spec().health().timeout().toNanos();
        LoginContext login = new LoginContext(service, connector, endpoint.endpoint(), channel, lease, deadline);
        Promise<ProbeResult> asked = channel.eventLoop().newPromise();
        Handshake<ProbeResult> handler = probe.handler(asked, endpoint.endpoint(), lease == null ? null : login);
        asked.addListener(done -> {
            ProbeResult result = done.isSuccess() ? asked.getNow() : null;
            if (result != null && result.healthy()) {
                login.accepted();
            } else if (isRefusal(done.cause())) {
                login.refused();
                service.loginFailed("refused");
            }
            if (lease != null && login.usedVersion() != 0) {
                service.loginBegins();
            }
            if (lease != null) {
                lease.close();
            }
            if (result != null) {
                answer.trySuccess(result);
            } else if (secrets != null && isRefusal(done.cause())) {
                answer.trySuccess(withoutLogin(endpoint, secrets, Failures.describe(done.cause())));
            } else {
                answer.tryFailure(done.cause());
            }
        });
        if (handler == null) {
            asked.trySuccess(ProbeResult.healthy(ServerRole.UNKNOWN, "connected"));
        } else {
            answer.addListener(over -> asked.tryFailure(new CancellationException("the probe took too long")));
            channel.pipeline().addLast("probe", handler);
        }
    }

    /**
     * What to think of an endpoint that takes connections, but refuses our credentials. If it accepted them before, a
     * password is being changed, which is nothing against the endpoint: it stays what it was.
     */
    private static ProbeResult withoutLogin(PooledEndpoint endpoint, SecretKeeper secrets, String why) {
        return secrets.wasAccepted()
                ? ProbeResult.healthy(endpoint.role(), "connected; " + why)
                : ProbeResult.unhealthy("the credentials were refused; " + why);
    }

    private static boolean isRefusal(@Nullable Throwable cause) {
        return cause instanceof LoginException login && login.kind() == LoginException.Kind.REFUSED;
    }

    @SuppressWarnings("unchecked") // a provider's own config is the only one it is ever paired with
    private static Probe create(Configured<ProbeProvider<?>> configured) {
        return ((ProbeProvider<Record>) configured.provider()).create(configured.config());
    }
}
