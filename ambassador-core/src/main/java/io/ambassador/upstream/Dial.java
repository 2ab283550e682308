package io.ambassador.upstream;

import io.ambassador.explain.EndReason;
import io.ambassador.explain.Phase;
import io.ambassador.explain.Trail;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.PoolSnapshot;
import io.ambassador.service.PooledEndpoint;
import io.ambassador.service.SecretKeeper;
import io.ambassador.service.SecretLease;
import io.ambassador.service.Service;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Pick;
import io.ambassador.spi.balancing.Picker;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.spi.protocol.Session;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds an endpoint that takes one client's connection: picks, connects, logs in, and goes on to another endpoint
 * when one fails, within one deadline. On the client's event loop.
 */
final class Dial implements Pick {
    /** Hears how it went; one call. */
    interface Outcome {
        /**
         * @param nanos the successful attempt took
         * @param secretVersion it logged in with; 0 for none
         */
        void ready(PooledEndpoint endpoint, Channel backend, long nanos, long secretVersion);

        /** @param detail for the log; may name addresses, holds no secret */
        void failed(EndReason reason, String detail);

        /** Whether the client has said that it will send no more. */
        boolean clientEnded();
    }

    /** Each refusal brings the account nearer to a lock-out. */
    private static final int MAX_LOGINS = 3;

    private static final long SETTLING_MILLIS = 10;

    /** Bounds one choice among many candidates that have just failed. */
    private static final int MAX_PASSED_OVER = 32;

    /** Stands in for a client that has yet to come. */
    static final SocketAddress NOBODY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final Service service;
    private final Connector connector;
    private final EventLoop loop;
    private final Session session;
    private final Connector.@Nullable ClientAddress client;
    private final Trail trail;
    private final Outcome outcome;
    private final List<Candidate> tried = new ArrayList<>(2);
    private Set<Long> refusedVersions = Set.of();
    private final long startedAt = System.nanoTime();
    private long deadline;
    private int attempts;
    private boolean gambled;
    private boolean holdsTurn;
    private @Nullable SecretRequest asking;
    private @Nullable SecretLease lease;
    private EndReason lastReason = EndReason.NO_ENDPOINT;
    private String lastDetail = "";
    private boolean over;
    private @Nullable Attempt current;

    /** @param client {@code null} to log in for one yet to come: a single attempt, which is no matter of the budget */
    Dial(
            Service service,
            Connector connector,
            EventLoop loop,
            Session session,
            Connector.@Nullable ClientAddress client,
            Trail trail,
            Outcome outcome) {
        this.service = service;
        this.connector = connector;
        this.loop = loop;
        this.session = session;
        this.client = client;
        this.trail = trail;
        this.outcome = outcome;
        LimitsSpec limits = service.spec().limits();
        this.deadline = startedAt
                + Math.multiplyExact(limits.connectTimeout().toNanos(), limits.connectAttempts())
                + limits.loginTimeout().toNanos();
    }

    void start() {
        if (client != null) {
            service.retries().earn();
        }
        next();
    }

    /** The client is gone, or is to go: nothing will be told. */
    void cancel(EndReason reason) {
        over = true;
        if (asking != null) {
            asking.cancel();
        }
        if (current != null) {
            current.abandon(reason);
        }
        closeLease();
    }

    /** Goes on once there is a secret to log in with. */
    private void obtainSecret(SecretKeeper secrets, Runnable then) {
        trail.enter(Phase.PICK);
        asking = new SecretRequest(secrets, loop, refusedVersions, deadline, new SecretRequest.Outcome() {
            @Override
            public void granted(SecretLease granted, long waited) {
                lease = granted;
                deadline += waited;
                then.run();
            }

            @Override
            public void denied(EndReason reason, String why) {
                lastReason = reason;
                giveUp(lastDetail.isEmpty() || reason != EndReason.LOGIN_REFUSED ? why : lastDetail);
            }

            @Override
            public boolean clientEnded() {
                return outcome.clientEnded();
            }
        });
        asking.ask();
    }

    private void closeLease() {
        if (lease != null) {
            lease.close();
            lease = null;
        }
    }

    /** How many endpoints were tried. */
    int attempts() {
        return attempts;
    }

    @Override
    public SocketAddress client() {
        return client == null ? NOBODY : client.source();
    }

    @Override
    public boolean tried(Candidate candidate) {
        for (int i = 0; i < tried.size(); i++) {
            if (tried.get(i) == candidate) {
                return true;
            }
        }
        return false;
    }

    private void next() {
        if (over) {
            return;
        }
        Endpoint target = session.target();
        if (target != null) {
            reach(target);
            return;
        }
        trail.enter(Phase.PICK);
        PoolSnapshot snapshot = service.pool().snapshot();
        trail.candidates(snapshot.candidates());
        PooledEndpoint endpoint = pick(snapshot);
        if (endpoint == null && attempts == 0 && !snapshot.settled() && System.nanoTime() < deadline) {
            // The client came before the first answer of discovery or probes, which is a moment away.
            loop.schedule(this::next, SETTLING_MILLIS, TimeUnit.MILLISECONDS);
            return;
        }
        if (endpoint == null) {
            giveUp(attempts == 0 && lastDetail.isEmpty() ? snapshot.reason() : lastDetail);
            return;
        }
        SecretKeeper secrets = service.secrets();
        if (secrets != null && lease == null) {
            if (!(secrets.lease(refusedVersions) instanceof SecretLease granted)) {
                giveTurnBack(endpoint); // while we wait
                obtainSecret(secrets, this::next);
                return;
            }
            lease = granted;
        }
        if (attempts > 0) {
            boolean mayRetry = client != null
                    && attempts < service.spec().limits().connectAttempts()
                    && System.nanoTime() < deadline
                    && (gambled && endpoint.isWell() || service.retries().tryRetry(endpoint.isAvailable()));
            if (!mayRetry) {
                giveTurnBack(endpoint);
                giveUp(lastDetail);
                return;
            }
            service.retried();
        }
        attempts++;
        if (attempts == 1 && client != null) {
            service.picked(System.nanoTime() - startedAt);
        }
        // Panic or a trial sends a client to an endpoint thought to be unwell. Sending it to another that is well after
        // all is where it would have gone at once otherwise: no additional load, and no matter of the budget.
        gambled = !endpoint.isWell();
        tried.add(endpoint);
        current = new Attempt(endpoint);
        current.connect();
    }

    /** Tries the one endpoint that will do, whatever is thought of it. */
    private void reach(Endpoint target) {
        PooledEndpoint endpoint = attempts == 0 ? service.pool().find(target.address()) : null;
        if (endpoint == null) {
            giveUp(lastDetail.isEmpty() ? target.address() + " is no longer used" : lastDetail);
            return;
        }
        trail.candidates(1);
        attempts++;
        current = new Attempt(endpoint);
        current.connect();
    }

    private @Nullable PooledEndpoint pick(PoolSnapshot snapshot) {
        if (attempts > 0) {
            // Some may have failed since the snapshot: who has met one that is down must not be sent to the next one.
            PooledEndpoint well = pick(snapshot.retryPicker(), MAX_PASSED_OVER, PooledEndpoint::isAvailable);
            if (well != null) {
                return well;
            }
        }
        PooledEndpoint endpoint = pick(snapshot.picker(), snapshot.candidates(), any -> true);
        if (endpoint != null) {
            return endpoint;
        }
        // All that is left are on trial by others. To refuse the client would be certain; to share a trial is not.
        holdsTurn = false;
        return (PooledEndpoint) snapshot.picker().pick(this);
    }

    /** One that suits and, where one connection at a time is let through, whose turn is ours. */
    private @Nullable PooledEndpoint pick(Picker picker, int candidates, Predicate<PooledEndpoint> suits) {
        int triedBefore = tried.size();
        PooledEndpoint found = null;
        for (int i = 0; i < Math.min(candidates, MAX_PASSED_OVER) && found == null; i++) {
            PooledEndpoint endpoint = (PooledEndpoint) picker.pick(this);
            if (endpoint == null) {
                break;
            }
            if (suits.test(endpoint) && endpoint.ejection().tryAcquire()) {
                holdsTurn = true;
                found = endpoint;
            } else {
                tried.add(endpoint); // for this choice only
            }
        }
        while (tried.size() > triedBefore) {
            tried.remove(tried.size() - 1);
        }
        return found;
    }

    private void giveTurnBack(PooledEndpoint endpoint) {
        if (holdsTurn) {
            holdsTurn = false;
            endpoint.ejection().released();
        }
    }

    private void giveUp(String detail) {
        over = true;
        closeLease();
        outcome.failed(lastReason, detail);
    }

    private Duration connectTimeout() {
        long left = Math.max(1_000_000, deadline - System.nanoTime());
        return Duration.ofNanos(
                Math.min(left, service.spec().limits().connectTimeout().toNanos()));
    }

    /** One endpoint's turn. */
    private final class Attempt {
        private final PooledEndpoint endpoint;
        private final long began = System.nanoTime();
        private @Nullable Promise<Channel> connecting;
        private @Nullable Channel backend;
        private boolean done;
        private boolean late;

        Attempt(PooledEndpoint endpoint) {
            this.endpoint = endpoint;
        }

        void connect() {
            trail.enter(Phase.CONNECT);
            endpoint.attemptBegins();
            String unsafe = unsafe();
            if (unsafe != null) {
                abandonFor(EndReason.LOGIN_UNSAFE, unsafe);
                return;
            }
            connecting = connector.connect(
                    loop, endpoint.endpoint(), connectTimeout(), client, () -> trail.enter(Phase.TLS));
            connecting.addListener((Future<Channel> connected) -> {
                if (done) {
                    if (connected.isSuccess()) {
                        connected.getNow().close();
                    }
                } else if (connected.isSuccess()) {
                    connected(connected.getNow());
                } else {
                    connectFailed(connected.cause());
                }
            });
        }

        void abandon(EndReason reason) {
            if (done) {
                return;
            }
            ended(reason, "");
            endpoint.attemptAbandoned();
            giveTurnBack(endpoint);
            if (connecting != null) {
                connecting.cancel(false);
            }
            if (backend != null) {
                backend.close();
            }
        }

        /** Why a secret must not be sent to this endpoint; {@code null} if it may, or if there is none. */
        private @Nullable String unsafe() {
            if (LoginContext.isSafe(service, connector, endpoint.endpoint())) {
                return null;
            }
            return "the password would cross the network to "
                    + endpoint.endpoint().address() + " in the clear. Enable tls, or set credentials.insecure = true";
        }

        private void connected(Channel channel) {
            backend = channel;
            endpoint.meters().connected(System.nanoTime() - began);
            long loginDeadline =
                    System.nanoTime() + service.spec().limits().loginTimeout().toNanos();
            login(
                    channel,
                    new LoginContext(
                            service, connector, endpoint.endpoint(), channel, lease, loginDeadline, trail::enter));
        }

        private void login(Channel channel, LoginContext context) {
            Promise<Void> ready = loop.newPromise();
            Handshake<Void> handshake;
            try {
                handshake = session.login(ready, context);
            } catch (RuntimeException e) { // a defect of the protocol's, which must not leave the client waiting
                trail.enter(Phase.LOGIN);
                service.defect("A login could not begin.", e);
                channel.close();
                failed(
                        EndReason.INTERNAL_ERROR,
                        "the login could not begin: " + e.getClass().getSimpleName(),
                        e);
                return;
            }
            if (handshake == null) {
                succeed(channel, context);
                return;
            }
            trail.enter(Phase.LOGIN);
            service.loginBegins();
            long loginBegan = System.nanoTime();
            Future<?> timer = loop.schedule(
                    () -> {
                        late = true;
                        ready.tryFailure(new LoginException(
                                LoginException.Kind.UNAVAILABLE, "the login was not answered in time"));
                    },
                    service.spec().limits().loginTimeout().toNanos(),
                    TimeUnit.NANOSECONDS);
            ready.addListener(finished -> {
                timer.cancel(false);
                if (done) {
                    context.close();
                    return;
                }
                Throwable failure = finished.isSuccess() ? misfit(context) : finished.cause();
                if (finished.isSuccess()) {
                    context.accepted();
                }
                if (failure == null) {
                    endpoint.meters().loggedIn(System.nanoTime() - loginBegan);
                    succeed(channel, context);
                } else {
                    channel.close();
                    loginFailed(failure, context);
                }
                context.close();
            });
            channel.pipeline().addLast("credential-handshake", handshake);
        }

        /** Why a backend that let us in will not do all the same; {@code null} if it will. */
        private @Nullable LoginException misfit(LoginContext context) {
            if (context.tlsPending()) {
                return new LoginException(LoginException.Kind.PROTOCOL, "the login left out TLS, which is configured");
            }
            if (context.role() != ServerRole.UNKNOWN) {
                service.roleSeen(endpoint, context.role());
            }
            return service.spec().role().admits(context.role())
                    ? null
                    : new LoginException(LoginException.Kind.UNAVAILABLE, "it is a " + context.role() + " now");
        }

        private void succeed(Channel channel, LoginContext context) {
            over = true;
            long secretVersion = context.usedVersion();
            closeLease();
            long nanos = ended(null, "");
            if (secretVersion != 0) {
                trail.loggedIn(context.username(), secretVersion, false);
            }
            holdsTurn = false;
            endpoint.ejection().succeeded(nanos);
            outcome.ready(endpoint, channel, nanos, secretVersion);
        }

        private void connectFailed(Throwable cause) {
            String what = (cause instanceof TlsException ? "TLS with " : "connecting to ")
                    + endpoint.endpoint().address() + " failed: " + Failures.describe(cause);
            EndReason reason = Failures.reason(cause);
            if (reason == EndReason.NO_RESOURCES) {
                abandonFor(reason, what);
            } else {
                failed(reason, what, cause);
            }
        }

        private void loginFailed(Throwable cause, LoginContext context) {
            if (cause instanceof TlsException) {
                connectFailed(cause);
                return;
            }
            String what = "logging in at " + endpoint.endpoint().address() + " failed: " + Failures.describe(cause);
            LoginException.Kind kind =
                    cause instanceof LoginException login ? login.kind() : LoginException.Kind.PROTOCOL;
            service.loginFailed(kind.name().toLowerCase(Locale.ROOT));
            switch (kind) {
                case REFUSED -> {
                    endpoint.attemptFailed(what);
                    giveTurnBack(endpoint);
                    ended(EndReason.LOGIN_REFUSED, what);
                    context.refused();
                    loginRefused();
                }
                case DECLINED -> {
                    context.accepted();
                    abandonFor(EndReason.DECLINED, what);
                }
                case UNAVAILABLE, PROTOCOL ->
                    failed(late ? EndReason.LOGIN_TIMEOUT : EndReason.LOGIN_FAILED, what, cause);
            }
        }

        /**
         * Another version of the secret may be accepted, be it one that is read only now. Otherwise that is the end:
         * another endpoint would say the same.
         */
        private void loginRefused() {
            SecretKeeper secrets = service.secrets();
            if (secrets == null || lease == null) {
                giveUp(lastDetail);
                return;
            }
            refusedVersions = new HashSet<>(refusedVersions);
            refusedVersions.add(lease.version());
            closeLease();
            if (refusedVersions.size() >= MAX_LOGINS) {
                giveUp(lastDetail);
                return;
            }
            obtainSecret(secrets, () -> {
                current = new Attempt(endpoint);
                current.connect();
            });
        }

        private void failed(EndReason reason, String what, Throwable cause) {
            endpoint.attemptFailed(what);
            holdsTurn = false;
            endpoint.ejection().failed(ended(reason, what), cause);
            service.warn(reason, "{}", what);
            next();
        }

        /** Ends everything for a reason that no endpoint can help with. */
        private void abandonFor(EndReason reason, String what) {
            endpoint.attemptAbandoned();
            giveTurnBack(endpoint);
            ended(reason, what);
            giveUp(what);
        }

        /**
         * This endpoint's turn is over.
         *
         * @param failure {@code null} if it serves the client
         * @return nanoseconds it took
         */
        private long ended(@Nullable EndReason failure, String what) {
            done = true;
            long nanos = System.nanoTime() - began;
            trail.attempted(endpoint.endpoint(), failure, what, nanos);
            if (failure != null) {
                lastReason = failure;
                lastDetail = what;
            }
            return nanos;
        }
    }
}
