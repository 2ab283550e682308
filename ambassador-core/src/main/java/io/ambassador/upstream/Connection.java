package io.ambassador.upstream;

import io.ambassador.explain.EndReason;
import io.ambassador.explain.Phase;
import io.ambassador.explain.Trail;
import io.ambassador.relay.ByteCounter;
import io.ambassador.relay.Relay;
import io.ambassador.relay.RelayEnd;
import io.ambassador.service.OpenConnection;
import io.ambassador.service.PooledEndpoint;
import io.ambassador.service.SecretKeeper;
import io.ambassador.service.Service;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.ambassador.spi.protocol.Violation;
import io.ambassador.transport.ListenerTls;
import io.ambassador.transport.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection from admission to end: its opening is read where the protocol has one, a backend is found
 * and logged in at, then the relay takes over. On the client's event loop, but for {@link #end}.
 */
public final class Connection implements OpenConnection, Dial.Outcome, ByteCounter {
    private final Gateway gateway;
    private final Service service;
    private final Channel client;
    private final Session session;
    private final Relay relay;
    private final Connector.ClientAddress addresses;
    private final Trail trail;
    private long toBackend;
    private long toClient;
    private @Nullable Dial dial;
    private volatile @Nullable PooledEndpoint endpoint;
    private @Nullable EndReason asked;
    private long secretVersion;
    private @Nullable RotationDrain rotation;
    private boolean late;
    private boolean over;

    /** @param source the client's address, after PROXY protocol; the service has admitted it, and was retained for it */
    public Connection(Gateway gateway, Channel client, SocketAddress source, SocketAddress destination, Trail trail) {
        this.gateway = gateway;
        this.service = gateway.service();
        this.client = client;
        this.session = service.protocol().open(new ClientContext(gateway, client));
        this.addresses = new Connector.ClientAddress(source, destination);
        this.trail = trail;
        this.relay = new Relay(
                client,
                service.spec().limits().idleTimeout(),
                service.spec().relay().spliceAfter(),
                this,
                this::relayEnded);
    }

    public void start() {
        relay.attach();
        service.entered(this);
        if (over) {
            return;
        }
        ListenerTls tls = gateway.tls();
        if (tls == null || !gateway.encryptsAtOnce()) {
            greet();
            return;
        }
        trail.enter(Phase.GREETING);
        tls.start(client, "held", service.spec().limits().greetingTimeout()).addListener(encrypted -> {
            client.config().setAutoRead(false);
            if (encrypted.isSuccess()) {
                greet();
            } else {
                tlsFailed(encrypted.cause());
            }
        });
        client.config().setAutoRead(true);
    }

    private void greet() {
        if (over) {
            return;
        }
        Promise<Void> greeted = client.eventLoop().newPromise();
        Handshake<Void> greeting;
        try {
            greeting = session.greeting(greeted);
        } catch (RuntimeException e) { // a defect of the protocol's, as below
            service.defect("A greeting could not begin.", e);
            trail.enter(Phase.GREETING);
            refuse(EndReason.INTERNAL_ERROR, "the greeting could not begin: " + name(e));
            return;
        }
        if (greeting == null) {
            dial();
            return;
        }
        trail.enter(Phase.GREETING);
        Future<?> timer = client.eventLoop()
                .schedule(
                        () -> {
                            late = true;
                            greeted.tryFailure(new LoginException(
                                    LoginException.Kind.UNAVAILABLE, "the client's opening took too long"));
                        },
                        service.spec().limits().greetingTimeout().toNanos(),
                        TimeUnit.NANOSECONDS);
        greeted.addListener(done -> {
            timer.cancel(false);
            client.config().setAutoRead(false);
            if (done.isSuccess()) {
                dial();
            } else if (!over) {
                greetingFailed(greeting, done.cause());
            }
        });
        client.pipeline().addBefore("held", "client-greeting", greeting);
        client.config().setAutoRead(true);
    }

    /** There is no way to tell the client but the alert that TLS is about to send it. */
    private void tlsFailed(Throwable cause) {
        if (over) {
            return;
        }
        over = true;
        EndReason reason = reasonOfTls(cause);
        String detail = "";
        if (reason != EndReason.CLIENT_GONE) {
            detail = "TLS with the client failed: " + Failures.describe(cause);
            service.warn("client-tls", "[{}] {}: {}", trail.id(), addresses.source(), detail);
        }
        relay.release();
        Parting.listen(client);
        ended(reason, detail);
    }

    private EndReason reasonOfTls(Throwable cause) {
        if (cause instanceof SslHandshakeTimeoutException) {
            return EndReason.GREETING_TIMEOUT;
        }
        return cause instanceof ClosedChannelException ? gone() : EndReason.CLIENT_TLS_FAILED;
    }

    private void greetingFailed(Handshake<Void> greeting, Throwable cause) {
        if (cause instanceof SSLException) {
            tlsFailed(cause);
            return;
        }
        if (cause instanceof IOException || !client.isActive()) {
            end(gone());
            return;
        }
        if (client.pipeline().context(greeting) != null) {
            client.pipeline().remove(greeting); // it would close the channel before the refusal is read
        }
        refuse(reasonOfGreeting(cause), Failures.describe(cause));
    }

    private EndReason reasonOfGreeting(Throwable cause) {
        if (late) {
            return EndReason.GREETING_TIMEOUT;
        }
        boolean refused = cause instanceof LoginException shown && shown.kind() == LoginException.Kind.REFUSED;
        return refused ? EndReason.CLIENT_REFUSED : EndReason.GREETING_FAILED;
    }

    /** Tells a client that a limit has been reached, in the protocol's words, and closes. */
    public static void refuseForLimit(Gateway gateway, Channel client, Trail trail) {
        Service service = gateway.service();
        Refusal refusal = Refusals.of(EndReason.LIMIT, trail.id(), null);
        String limit = service.limit();
        service.warn(EndReason.LIMIT, "[{}] a client was refused: {} is reached", refusal.correlationId(), limit);
        service.ended(trail.end(EndReason.LIMIT, limit + " is reached", 0, 0), null);
        if (gateway.encryptsAtOnce()) {
            Transport.reset(client); // it could read nothing without a handshake, which costs more than it is worth
            return;
        }
        Session session = service.protocol().open(new ClientContext(gateway, client));
        Parting.say(client, Guarded.refusal(service, session, refusal, client));
        Guarded.ended(service, session);
    }

    @Override
    public @Nullable PooledEndpoint endpoint() {
        return endpoint;
    }

    @Override
    public void end(EndReason reason) {
        if (!client.eventLoop().inEventLoop()) {
            client.eventLoop().execute(() -> end(reason));
            return;
        }
        if (!over && asked == null) {
            asked = reason;
            relay.abort();
        }
    }

    @Override
    public void rotated() {
        client.eventLoop().execute(this::drainIfOutdated);
    }

    /** Ends in time if another secret has come into use since the login. */
    private void drainIfOutdated() {
        Duration within = service.drainWithin(secretVersion);
        if (within != null && !over && rotation == null && endpoint != null) {
            rotation = new RotationDrain(relay, client.eventLoop(), within, () -> end(EndReason.ROTATED));
        }
    }

    @Override
    public void toBackend(int bytes) {
        toBackend += bytes;
        service.toBackend(bytes);
    }

    @Override
    public void toClient(int bytes) {
        toClient += bytes;
        service.toClient(bytes);
    }

    @Override
    public boolean clientEnded() {
        return relay.clientEnded();
    }

    @Override
    public void ready(PooledEndpoint picked, Channel backend, long nanos, long version) {
        dial = null; // an idle connection need not keep it
        endpoint = picked;
        secretVersion = version;
        picked.opened(nanos);
        try {
            session.ready(client, backend);
        } catch (RuntimeException e) {
            service.defect("A session could not be handed to the relay.", e);
            unready(picked, backend);
            return;
        }
        trail.enter(Phase.RELAY);
        relay.start(backend);
        drainIfOutdated();
    }

    /** What was written to the client already, perhaps half of something, leaves no room for a refusal. */
    private void unready(PooledEndpoint picked, Channel backend) {
        over = true;
        picked.closed();
        backend.close();
        relay.release();
        Transport.reset(client);
        ended(EndReason.INTERNAL_ERROR, "the session could not be handed to the relay");
    }

    @Override
    public void failed(EndReason reason, String detail) {
        refuse(reason, detail);
    }

    private void dial() {
        if (over) {
            return;
        }
        trail.enter(Phase.PICK);
        WarmPool pool = gateway.warm();
        if (pool != null && session.target() == null) {
            WarmConnection warm = pool.take(client.eventLoop(), session.warmKey());
            if (warm != null) {
                try {
                    session.adopt(warm.session());
                } catch (RuntimeException e) {
                    service.defect("A connection made beforehand could not be adopted.", e);
                    warm.backend().close();
                    Guarded.ended(service, warm.session());
                    refuse(EndReason.INTERNAL_ERROR, "a connection could not be adopted: " + name(e));
                    return;
                }
                warm.endpoint().attemptBegins();
                noteWarm(warm);
                ready(warm.endpoint(), warm.backend(), 0, warm.secretVersion());
                return;
            }
        }
        dial = new Dial(service, gateway.connector(), client.eventLoop(), session, addresses, trail, this);
        dial.start();
    }

    private void noteWarm(WarmConnection warm) {
        trail.candidates(service.pool().snapshot().candidates());
        trail.attempted(warm.endpoint().endpoint(), null, "", 0);
        SecretKeeper secrets = service.secrets();
        trail.loggedIn(secrets == null ? null : secrets.username(), warm.secretVersion(), true);
    }

    private void refuse(EndReason reason, String detail) {
        if (over) {
            return;
        }
        over = true;
        Refusal refusal = Refusals.of(reason, trail.id(), service.secrets());
        int attempts = dial == null ? 0 : dial.attempts();
        service.warn(
                "refused " + reason,
                "[{}] a client was refused, {} after {} attempts: {}",
                refusal.correlationId(),
                reason.word(),
                attempts,
                detail);
        relay.release();
        ByteBuf words = Guarded.refusal(service, session, refusal, client);
        ended(reason, detail); // first, so that a client that has heard of it can look it up
        Parting.say(client, words);
    }

    private void relayEnded(RelayEnd end) {
        if (over) {
            return;
        }
        over = true;
        Violation violation = relay.violation();
        EndReason reason = reason(end, violation);
        if (dial != null) {
            dial.cancel(reason);
        }
        PooledEndpoint served = endpoint;
        if (served != null) {
            served.closed();
        }
        ended(reason, violation == null ? "" : violation.what());
    }

    private void ended(EndReason reason, String detail) {
        if (rotation != null) {
            rotation.cancel();
        }
        Guarded.ended(service, session);
        service.ended(trail.end(reason, detail, toBackend, toClient), endpoint);
        service.left(this);
        service.release();
    }

    private EndReason reason(RelayEnd end, @Nullable Violation violation) {
        if (asked != null) {
            return asked;
        }
        if (violation != null) {
            return violation.ofClient() ? EndReason.CLIENT_VIOLATION : EndReason.BACKEND_VIOLATION;
        }
        return switch (end) {
            case COMPLETED -> EndReason.COMPLETED;
            case CLIENT_RESET -> endpoint == null ? gone() : EndReason.CLIENT_RESET;
            case BACKEND_RESET -> EndReason.BACKEND_RESET;
            case IDLE -> EndReason.IDLE;
            case CLOSED -> EndReason.SHUTDOWN;
        };
    }

    private EndReason gone() {
        return service.isShutDown() ? EndReason.SHUTDOWN : EndReason.CLIENT_GONE;
    }

    private static String name(RuntimeException defect) {
        return defect.getClass().getSimpleName();
    }

    /** Closes a client that may not use the service. */
    public static void turnAway(Service service, Channel client, Trail trail, EndReason reason, String why) {
        service.warn(reason, "[{}] a client was turned away: {}", trail.id(), why);
        service.ended(trail.end(reason, why, 0, 0), null);
        Transport.reset(client);
    }
}
