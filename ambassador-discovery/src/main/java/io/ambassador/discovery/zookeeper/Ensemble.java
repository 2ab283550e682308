package io.ambassador.discovery.zookeeper;

import io.ambassador.discovery.support.Backoff;
import io.ambassador.discovery.support.DiscoveryFailure;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.Shared;
import io.ambassador.discovery.support.net.Connector;
import io.ambassador.discovery.support.net.RegistryLoop;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.secret.Secret;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One ensemble, shared by all that is followed there: keeps a session with any of its members, and opens another as soon
 * as one is lost. On the registry loop, but for {@link #lease} and {@link #close()}.
 */
final class Ensemble implements AutoCloseable {
    /** Hears which session there is. */
    interface Member {
        /** A new session, which knows nothing of watches that were set before. */
        void onSession(Session session);

        /** No member of the ensemble would open one; it is tried again. */
        void onLost(DiscoveryException why);

        /** A watch has fired. */
        void onEvent(String path);
    }

    private record Key(EnsembleConfig config, ScheduledExecutorService scheduler) {}

    private static final Logger LOG = LoggerFactory.getLogger(Ensemble.class);
    private static final Shared<Key, Ensemble> ENSEMBLES = new Shared<>();
    private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(2);

    /** A session that ends before was refused rather than lost. */
    private static final Duration LASTING = Duration.ofSeconds(2);

    private final EnsembleConfig config;
    private final EventLoop loop = RegistryLoop.acquire();
    private final List<Connector> connectors = new ArrayList<>();
    private final List<ServerAddress> servers;
    private final @Nullable RegistryPassword password;
    private final Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(1));
    private final Set<Member> members = new LinkedHashSet<>();
    private @Nullable Session session;
    private @Nullable DiscoveryException problem;
    private int next;
    private int triedInRound;
    private boolean closed;

    private Ensemble(EnsembleConfig config, ScheduledExecutorService scheduler) {
        this.config = config;
        this.servers = new ArrayList<>(config.servers());
        Collections.shuffle(servers); // so that ambassadors do not all choose the first
        servers.forEach(server -> connectors.add(new Connector(server, config.options(), scheduler, loop)));
        this.password = RegistryPassword.of(config.password());
        onLoop(this::openNext);
    }

    static Shared<?, Ensemble>.Lease lease(EnsembleConfig config, ScheduledExecutorService scheduler) {
        return ENSEMBLES.lease(new Key(config, scheduler), () -> new Ensemble(config, scheduler));
    }

    EventLoop loop() {
        return loop;
    }

    void join(Member member) {
        members.add(member);
        if (session != null) {
            member.onSession(session);
        } else if (problem != null) {
            member.onLost(problem);
        }
    }

    void leave(Member member) {
        members.remove(member);
    }

    @Override
    public void close() {
        onLoop(() -> {
            closed = true;
            if (session != null) {
                session.close();
                session = null;
            }
        });
        connectors.forEach(Connector::close);
        RegistryLoop.release();
    }

    private void openNext() {
        if (closed) {
            return;
        }
        int chosen = next++ % connectors.size();
        ServerAddress server = servers.get(chosen);
        if (password == null) {
            connect(chosen, server, null);
            return;
        }
        password.read()
                .whenComplete((secret, failure) -> onLoop(() -> {
                    if (failure != null) {
                        failed(asDiscovery(server, failure));
                    } else {
                        connect(chosen, server, secret);
                    }
                }));
    }

    private void connect(int chosen, ServerAddress server, @Nullable Secret secret) {
        connectors.get(chosen).connect(OPEN_TIMEOUT, secret != null).whenComplete((channel, failure) -> {
            try (Secret used = secret) {
                if (failure != null) {
                    failed(asDiscovery(server, failure));
                } else if (closed) {
                    channel.close();
                } else {
                    open(server, channel, used == null ? null : Session.digest(user(), used.reveal()));
                }
            }
        });
    }

    private String user() {
        return config.user() == null ? "" : config.user();
    }

    private void open(ServerAddress server, Channel channel, byte @Nullable [] authentication) {
        Session opened = Session.open(channel, config.sessionTimeout(), config.readOnly(), authentication, this::tell);
        CompletableFuture<Session> ready = opened.ready();
        opened.ended().thenAccept(why -> ready.completeExceptionally(new DiscoveryException(server + ": " + why)));
        Future<?> timeout = loop.schedule(
                () -> ready.completeExceptionally(new DiscoveryException(
                        server + ": it opened no session within " + OPEN_TIMEOUT.toSeconds() + " s")),
                OPEN_TIMEOUT.toMillis(),
                TimeUnit.MILLISECONDS);
        ready.whenComplete((usable, failure) -> onLoop(() -> {
            timeout.cancel(false);
            if (failure != null) {
                channel.close();
                failed(asDiscovery(server, failure));
            } else if (closed) {
                opened.close();
            } else {
                use(server, opened);
            }
        }));
    }

    private void use(ServerAddress server, Session opened) {
        session = opened;
        problem = null;
        triedInRound = 0;
        long openedAt = System.nanoTime();
        LOG.debug("{}: a session is open", server);
        opened.ended()
                .thenAccept(why -> onLoop(() -> {
                    if (session == opened) {
                        LOG.debug("{}: the session is lost: {}", server, why);
                        session = null;
                        problem = new DiscoveryException(server + ": " + why);
                        boolean lasted = System.nanoTime() - openedAt > LASTING.toNanos();
                        if (lasted) {
                            backoff.reset();
                            openNext();
                        } else {
                            openAfterAWhile();
                        }
                    }
                }));
        List.copyOf(members).forEach(member -> member.onSession(opened));
    }

    /** Another member first; when none would, whoever follows is told, and all are tried again after a while. */
    private void failed(DiscoveryException why) {
        if (closed) {
            return;
        }
        problem = why;
        triedInRound++;
        if (triedInRound < connectors.size()) {
            openNext();
            return;
        }
        triedInRound = 0;
        List.copyOf(members).forEach(member -> member.onLost(why));
        openAfterAWhile();
    }

    private void openAfterAWhile() {
        loop.schedule(this::openNext, backoff.next().toMillis(), TimeUnit.MILLISECONDS);
    }

    private void tell(String path) {
        List.copyOf(members).forEach(member -> member.onEvent(path));
    }

    private static DiscoveryException asDiscovery(ServerAddress server, Throwable failure) {
        return DiscoveryFailure.of(server.toString(), failure);
    }

    private void onLoop(Runnable step) {
        try {
            loop.execute(step);
        } catch (RejectedExecutionException e) {
            LOG.trace("{}: the registry thread has ended", servers, e);
        }
    }
}
