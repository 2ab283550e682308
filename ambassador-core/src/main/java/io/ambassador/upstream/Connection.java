package io.ambassador.upstream;

import io.ambassador.relay.Relay;
import io.ambassador.relay.RelayEnd;
import io.ambassador.service.Credentials;
import io.ambassador.service.EndReason;
import io.ambassador.service.OpenConnection;
import io.ambassador.service.PooledEndpoint;
import io.ambassador.service.SecretKeeper;
import io.ambassador.service.Service;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.ambassador.transport.ListenerTls;
import io.ambassador.transport.Transport;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection from admission to end: its opening is read where the protocol has one, a backend is found
 * and logged in at, then the relay takes over. On the client's event loop, but for {@link #end}.
 */
public final class Connection implements OpenConnection, Dial.Outcome {
    private final Gateway gateway;
    private final Service service;
    private final Channel client;
    private final Session session;
    private final Relay relay;
    private final Connector.ClientAddress addresses;
    private @Nullable Dial dial;
    private @Nullable PooledEndpoint endpoint;
    private @Nullable EndReason asked;
    private long secretVersion;
    private @Nullable RotationDrain rotation;
    private boolean over;

    /** @param source the client's address, after PROXY protocol; the service has admitted it */
    public Connection(Gateway gateway, Channel client, SocketAddress source, SocketAddress destination) {
        this.gateway = gateway;
        this.service = gateway.service();
        this.client = client;
        this.session = service.protocol().open(new ClientContext(gateway, client));
        this.addresses = new Connector.ClientAddress(source, destination);
        this.relay = new Relay(
                client,
                service.spec().limits().idleTimeout(),
                service.spec().relay().spliceAfter(),
                service,
                this::relayEnded);
    }

    public void start() {
        relay.attach();
        ListenerTls tls = gateway.tls();
        if (tls == null || !gateway.encryptsAtOnce()) {
            greet();
            return;
        }
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
            service.log().error("A greeting could not begin.", e);
            refuse(EndReason.GREETING_FAILED, "the greeting could not begin: " + name(e));
            return;
        }
        if (greeting == null) {
            client.config().setAutoRead(true); // what comes meanwhile is held, and goes on without another wait
            dial();
            return;
        }
        Future<?> timer = client.eventLoop()
                .schedule(
                        () -> greeted.tryFailure(new LoginException(
                                LoginException.Kind.UNAVAILABLE, "the client's opening took too long")),
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
        boolean gone = cause instanceof ClosedChannelException;
        EndReason reason = gone ? EndReason.CLIENT_GONE : EndReason.GREETING_FAILED;
        if (!gone) {
            service.warn(
                    "client-tls", "TLS with a client at {} failed: {}", addresses.source(), Failures.describe(cause));
        }
        relay.release();
        Parting.listen(client);
        ended(reason);
    }

    private void greetingFailed(Handshake<Void> greeting, Throwable cause) {
        if (cause instanceof IOException) {
            end(EndReason.CLIENT_GONE);
            return;
        }
        if (client.pipeline().context(greeting) != null) {
            client.pipeline().remove(greeting); // it would close the channel before the refusal is read
        }
        refuse(EndReason.GREETING_FAILED, Failures.describe(cause));
    }

    /** Tells a client that a limit has been reached, in the protocol's words, and closes. */
    public static void refuseForLimit(Gateway gateway, Channel client) {
        Service service = gateway.service();
        Refusal refusal = refusal(EndReason.LIMIT, null);
        service.unrouted().closed(EndReason.LIMIT.word());
        service.warn(EndReason.LIMIT, "[{}] a client was refused: a limit is reached", refusal.correlationId());
        if (gateway.encryptsAtOnce()) {
            Transport.reset(client); // it could read nothing without a handshake, which costs more than it is worth
            return;
        }
        Session session = service.protocol().open(new ClientContext(gateway, client));
        Parting.say(client, Guarded.refusal(service, session, refusal, client));
        Guarded.ended(service, session);
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
        Credentials credentials = service.spec().credentials();
        SecretKeeper secrets = service.secrets();
        Duration within = credentials == null ? null : credentials.rotation().drainWithin();
        boolean concerned = !over && rotation == null && endpoint != null && secretVersion != 0;
        if (concerned && within != null && secrets != null && secrets.isOutdated(secretVersion)) {
            rotation = new RotationDrain(relay, client.eventLoop(), within, () -> end(EndReason.ROTATED));
        }
    }

    @Override
    public boolean clientEnded() {
        return relay.clientEnded();
    }

    @Override
    public void ready(PooledEndpoint picked, Channel backend, long nanos, long version) {
        endpoint = picked;
        secretVersion = version;
        picked.opened(this, nanos);
        try {
            session.ready(client, backend);
        } catch (RuntimeException e) {
            service.log().error("A session could not be handed to the relay.", e);
            unready(picked, backend);
            return;
        }
        relay.start(backend);
        drainIfOutdated();
    }

    /** What was written to the client already, perhaps half of something, leaves no room for a refusal. */
    private void unready(PooledEndpoint picked, Channel backend) {
        over = true;
        picked.closed(this);
        backend.close();
        relay.release();
        Transport.reset(client);
        ended(EndReason.LOGIN_FAILED);
    }

    @Override
    public void failed(EndReason reason, String detail) {
        refuse(reason, detail);
    }

    private void dial() {
        if (over) {
            return;
        }
        WarmPool pool = gateway.warm();
        if (pool != null && session.target() == null) {
            WarmConnection warm = pool.take(client.eventLoop(), session.warmKey());
            if (warm != null) {
                try {
                    session.adopt(warm.session());
                } catch (RuntimeException e) {
                    service.log().error("A connection made beforehand could not be adopted.", e);
                    warm.backend().close();
                    Guarded.ended(service, warm.session());
                    refuse(EndReason.LOGIN_FAILED, "a connection could not be adopted: " + name(e));
                    return;
                }
                warm.endpoint().attemptBegins();
                ready(warm.endpoint(), warm.backend(), 0, warm.secretVersion());
                return;
            }
        }
        dial = new Dial(service, gateway.connector(), client.eventLoop(), session, addresses, this);
        dial.start();
    }

    private void refuse(EndReason reason, String detail) {
        if (over) {
            return;
        }
        over = true;
        Refusal refusal = refusal(reason, service.secrets());
        int attempts = dial == null ? 0 : dial.attempts();
        service.warn(
                "refused " + reason,
                "[{}] a client was refused, {} after {} attempts: {}",
                refusal.correlationId(),
                reason.word(),
                attempts,
                detail);
        relay.release();
        Parting.say(client, Guarded.refusal(service, session, refusal, client));
        ended(reason);
    }

    private void relayEnded(RelayEnd end) {
        if (over) {
            return;
        }
        over = true;
        if (dial != null) {
            dial.cancel();
        }
        PooledEndpoint served = endpoint;
        if (served != null) {
            served.closed(this);
        }
        ended(reason(end));
    }

    private void ended(EndReason reason) {
        if (rotation != null) {
            rotation.cancel();
        }
        Guarded.ended(service, session);
        (endpoint == null ? service.unrouted() : endpoint.meters()).closed(reason.word());
        service.leave();
    }

    private EndReason reason(RelayEnd end) {
        if (asked != null) {
            return asked;
        }
        return switch (end) {
            case COMPLETED -> EndReason.COMPLETED;
            case CLIENT_RESET -> endpoint == null ? EndReason.CLIENT_GONE : EndReason.CLIENT_RESET;
            case BACKEND_RESET -> EndReason.BACKEND_RESET;
            case IDLE -> EndReason.IDLE;
            case CLOSED -> EndReason.SHUTDOWN;
        };
    }

    private static Refusal refusal(EndReason reason, @Nullable SecretKeeper secrets) {
        String id = String.format("%08x", ThreadLocalRandom.current().nextInt());
        return switch (reason) {
            case NO_ENDPOINT -> new Refusal(Refusal.Kind.NO_ENDPOINT, id, "no endpoint is known for this service");
            case CONNECT_FAILED -> new Refusal(Refusal.Kind.CONNECT_FAILED, id, "no endpoint could be reached");
            case TLS_FAILED -> new Refusal(Refusal.Kind.TLS_FAILED, id, "no endpoint could be trusted");
            case LOGIN_REFUSED ->
                new Refusal(Refusal.Kind.LOGIN_REFUSED, id, "the backend refused the credentials" + retry(secrets));
            case LOGIN_FAILED -> new Refusal(Refusal.Kind.LOGIN_FAILED, id, "the login at the backend failed");
            case DECLINED -> new Refusal(Refusal.Kind.DECLINED, id, "the backend declined the session");
            case SECRET_UNAVAILABLE ->
                new Refusal(Refusal.Kind.SECRET_UNAVAILABLE, id, "there is no secret to log in with");
            case LIMIT -> new Refusal(Refusal.Kind.LIMIT, id, "too many connections");
            default -> new Refusal(Refusal.Kind.DRAINING, id, "not served");
        };
    }

    private static String name(RuntimeException defect) {
        return defect.getClass().getSimpleName();
    }

    private static String retry(@Nullable SecretKeeper secrets) {
        Duration left = secrets == null ? null : secrets.untilRetry();
        return left == null ? "" : "; they are tried again in " + (left.toMillis() / 1_000 + 1) + " s";
    }

    /** Closes a client that may not use the service. */
    public static void turnAway(Service service, Channel client, String why) {
        service.unrouted().closed(EndReason.NOT_ALLOWED.word());
        service.warn(EndReason.NOT_ALLOWED, "a client was turned away: {}", why);
        Transport.reset(client);
    }
}
