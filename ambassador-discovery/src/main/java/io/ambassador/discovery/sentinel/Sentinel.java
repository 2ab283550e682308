package io.ambassador.discovery.sentinel;

import io.ambassador.discovery.support.Backoff;
import io.ambassador.discovery.support.DiscoveryFailure;
import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.RecentPassword;
import io.ambassador.discovery.support.net.Connector;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.discovery.DiscoveryException;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Follows one sentinel over two connections: one hears what it publishes, the other asks, at an interval and whenever
 * something was published. Tries again by itself. On the loop.
 */
final class Sentinel {
    /** Hears what becomes of it, on the loop. */
    interface Listener {
        void onView(View view);

        void onFailure(DiscoveryException why);
    }

    private static final String[] CHANNELS = {
        "+switch-master",
        "+promoted-slave",
        "+slave",
        "+convert-to-slave",
        "+sdown",
        "-sdown",
        "+monitor",
        "-monitor",
        "+reset-master",
        "+config-update-from"
    };
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration INTERVAL = Duration.ofSeconds(3);
    private static final Duration SPREAD = Duration.ofMillis(500);

    private final ServerAddress address;
    private final SentinelConfig config;
    private final Connector connector;
    private final @Nullable RecentPassword password;
    private final EventLoop loop;
    private final Listener listener;
    private final Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(1));
    private @Nullable SentinelConnection events;
    private @Nullable SentinelConnection questions;
    private @Nullable Future<?> timer;
    private boolean asking;
    private boolean askAgain;
    private boolean closed;
    private int session; // what belongs to an earlier one is passed over

    Sentinel(
            ServerAddress address,
            SentinelConfig config,
            Connector connector,
            @Nullable RecentPassword password,
            EventLoop loop,
            Listener listener) {
        this.address = address;
        this.config = config;
        this.connector = connector;
        this.password = password;
        this.loop = loop;
        this.listener = listener;
    }

    void start() {
        if (closed) {
            return;
        }
        int own = ++session;
        asking = false;
        askAgain = false;
        CompletableFuture<Void> subscribed = open().thenCompose(connection -> {
            events = connection;
            return connection.subscribe(message -> published(own, message), CHANNELS);
        });
        CompletableFuture<Void> opened = open().thenAccept(connection -> questions = connection);
        CompletableFuture.allOf(subscribed, opened).whenComplete((both, failure) -> {
            if (own != session) {
                return;
            }
            SentinelConnection hearing = events;
            SentinelConnection asked = questions;
            if (failure != null || hearing == null || asked == null) {
                failed(own, asDiscovery(failure));
                return;
            }
            hearing.onLost(why -> failed(own, why));
            asked.onLost(why -> failed(own, why));
            ask(own);
        });
    }

    void close() {
        closed = true;
        end();
    }

    private CompletableFuture<SentinelConnection> open() {
        int own = session;
        return connector.connect(CONNECT_TIMEOUT, password != null).thenCompose(channel -> {
            SentinelConnection connection = SentinelConnection.on(channel, address.toString());
            if (own != session) {
                connection.close();
                return CompletableFuture.failedFuture(connection.problem("is not waited for any more"));
            }
            if (password == null) {
                return CompletableFuture.completedFuture(connection);
            }
            CompletableFuture<SentinelConnection> ready = password.read()
                    .thenComposeAsync(
                            secret -> {
                                try (secret) {
                                    return connection.authenticate(config.username(), secret);
                                }
                            },
                            loop)
                    .thenApply(accepted -> connection);
            ready.whenComplete((any, failure) -> {
                if (failure != null) {
                    password.refused();
                    loop.execute(connection::close);
                }
            });
            return ready;
        });
    }

    private void published(int own, Object message) {
        if (own == session && message instanceof List<?> parts && parts.size() == 3) {
            String text = " " + parts.get(2) + " ";
            if (text.contains(" " + config.master() + " ")) {
                ask(own);
            }
        }
    }

    private void ask(int own) {
        SentinelConnection connection = questions;
        if (own != session || connection == null) {
            return;
        }
        if (asking) {
            askAgain = true;
            return;
        }
        asking = true;
        if (timer != null) {
            timer.cancel(false);
        }
        CompletableFuture<Object> primary = connection.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", config.master());
        CompletableFuture<Object> master = connection.ask("SENTINEL", "MASTER", config.master());
        connection
                .ask("SENTINEL", "REPLICAS", config.master())
                .thenApply(replicas -> View.of(primary.join(), master.join(), replicas))
                .whenComplete((view, failure) -> answered(own, view, failure));
    }

    private void answered(int own, @Nullable View view, @Nullable Throwable failure) {
        if (own != session) {
            return;
        }
        asking = false;
        if (view == null) {
            failed(own, asDiscovery(failure));
            return;
        }
        backoff.reset();
        listener.onView(view);
        if (askAgain) {
            askAgain = false;
            ask(own);
        } else {
            timer = after(Jitter.upTo(INTERVAL, SPREAD), () -> ask(own));
        }
    }

    private void failed(int own, DiscoveryException why) {
        if (own != session || closed) {
            return;
        }
        end();
        listener.onFailure(why);
        timer = after(backoff.next(), this::start);
    }

    private void end() {
        session++;
        if (timer != null) {
            timer.cancel(false);
        }
        if (events != null) {
            events.close();
            events = null;
        }
        if (questions != null) {
            questions.close();
            questions = null;
        }
    }

    private Future<?> after(Duration delay, Runnable step) {
        return loop.schedule(step, delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    private DiscoveryException asDiscovery(@Nullable Throwable failure) {
        return DiscoveryFailure.of("sentinel " + address, failure);
    }
}
