package io.ambassador.upstream;

import io.ambassador.explain.EndReason;
import io.ambassador.explain.Phase;
import io.ambassador.service.Service;
import io.ambassador.spi.Configured;
import io.ambassador.spi.discovery.Endpoint;
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
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tries one endpoint once, as a client would need it: connects, encrypts, logs in and asks it what it is. Each step has
 * the time that the service's limits give it. One login at most, whatever comes of it.
 */
public final class EndpointTrial {
    /**
     * @param took how long each step took, up to the one that failed
     * @param failure {@code null} if all went well
     * @param detail what went wrong, or what the endpoint said; free of secrets
     */
    public record Result(
            ServerRole role,
            boolean loggedIn,
            Map<Phase, Duration> took,
            @Nullable EndReason failure,
            String detail) {}

    private final Service service;
    private final Connector connector;
    private final Endpoint endpoint;
    private final EventLoop loop;
    private final Probe probe;
    private final boolean logsIn;
    private final CompletableFuture<Result> result = new CompletableFuture<>();
    private final Map<Phase, Duration> took = new EnumMap<>(Phase.class);
    private Phase phase = Phase.CONNECT;
    private long since = System.nanoTime();

    private EndpointTrial(
            Service service, Connector connector, EventLoop loop, Probe probe, Endpoint endpoint, boolean logsIn) {
        this.service = service;
        this.connector = connector;
        this.loop = loop;
        this.probe = probe;
        this.endpoint = endpoint;
        this.logsIn = logsIn;
    }

    /** @param logsIn {@code false} to keep the credentials out of it */
    public static CompletableFuture<Result> run(
            Service service,
            Connector connector,
            Transport transport,
            Configured<ProbeProvider<?>> configured,
            Endpoint endpoint,
            boolean logsIn) {
        EventLoop loop = transport.next();
        EndpointTrial trial = new EndpointTrial(service, connector, loop, create(configured), endpoint, logsIn);
        loop.execute(trial::connect);
        return trial.result;
    }

    private void connect() {
        since = System.nanoTime();
        if (logsIn && !LoginContext.isSafe(service, connector, endpoint)) {
            fail(
                    EndReason.LOGIN_UNSAFE,
                    "the password would cross the network to " + endpoint.address() + " in the clear");
            return;
        }
        Promise<Channel> connected = connector.connect(
                loop, endpoint, service.spec().limits().connectTimeout(), null, () -> enter(Phase.TLS));
        connected.addListener(done -> {
            if (done.isSuccess()) {
                ask(connected.getNow());
            } else {
                fail(Failures.reason(done.cause()), Failures.describe(done.cause()));
            }
        });
    }

    private void ask(Channel channel) {
        result.whenComplete((over, never) -> channel.close());
        enter(Phase.LOGIN);
        Duration timeout = service.spec().limits().loginTimeout();
        LoginContext login = new LoginContext(
                service, connector, endpoint, channel, null, System.nanoTime() + timeout.toNanos(), this::enter);
        Promise<ProbeResult> asked = loop.newPromise();
        Handshake<ProbeResult> handler = probe.handler(asked, endpoint, logsIn ? login : null);
        if (handler == null) {
            succeed(ServerRole.UNKNOWN, "it takes connections", login);
            return;
        }
        Future<?> timer = loop.schedule(
                () -> asked.tryFailure(new LoginException(
                        LoginException.Kind.UNAVAILABLE, "no answer within " + timeout.toMillis() + " ms")),
                timeout.toNanos(),
                TimeUnit.NANOSECONDS);
        asked.addListener(done -> {
            boolean late = timer.isDone();
            timer.cancel(false);
            if (!done.isSuccess()) {
                fail(late ? EndReason.LOGIN_TIMEOUT : reason(done.cause()), Failures.describe(done.cause()));
            } else if (asked.getNow().healthy()) {
                succeed(asked.getNow().role(), asked.getNow().detail(), login);
            } else {
                fail(EndReason.LOGIN_FAILED, asked.getNow().detail());
            }
            login.close();
        });
        channel.pipeline().addLast("probe", handler);
    }

    private static EndReason reason(Throwable cause) {
        if (cause instanceof TlsException) {
            return Failures.reason(cause);
        }
        if (cause instanceof LoginContext.NoSecretException) {
            return EndReason.SECRET_UNAVAILABLE;
        }
        LoginException.Kind kind = cause instanceof LoginException login ? login.kind() : LoginException.Kind.PROTOCOL;
        return switch (kind) {
            case REFUSED -> EndReason.LOGIN_REFUSED;
            case DECLINED -> EndReason.DECLINED;
            case UNAVAILABLE, PROTOCOL -> EndReason.LOGIN_FAILED;
        };
    }

    private void enter(Phase next) {
        long now = System.nanoTime();
        took.merge(phase, Duration.ofNanos(now - since), Duration::plus);
        since = now;
        phase = next;
    }

    private void succeed(ServerRole role, String detail, LoginContext login) {
        enter(Phase.RELAY);
        result.complete(new Result(role, login.usedVersion() != 0, Map.copyOf(took), null, detail));
    }

    private void fail(EndReason reason, String detail) {
        enter(Phase.RELAY);
        result.complete(new Result(ServerRole.UNKNOWN, false, Map.copyOf(took), reason, detail));
    }

    @SuppressWarnings("unchecked") // a provider's own config is the only one it is ever paired with
    private static Probe create(Configured<ProbeProvider<?>> configured) {
        return ((ProbeProvider<Record>) configured.provider()).create(configured.config());
    }
}
