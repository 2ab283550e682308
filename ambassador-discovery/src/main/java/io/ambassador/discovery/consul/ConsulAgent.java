package io.ambassador.discovery.consul;

import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.RecentPassword;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.Shared;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.http.HttpClient;
import io.ambassador.discovery.support.http.HttpRequest;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One agent, shared by all that is followed there. Every few seconds it is asked who leads its cluster: that tells a
 * hanging agent, and one without a leader, long before the questions that it holds would. On the control thread, but
 * for {@link #close()}.
 */
final class ConsulAgent implements AutoCloseable {
    /** Hears how the agent is. */
    interface Member {
        /** It does not answer, or not with authority. */
        void onDown(DiscoveryException why);

        /** It does again. */
        void onUp();
    }

    private record Key(AgentConfig config, ScheduledExecutorService scheduler) {}

    private static final Logger LOG = LoggerFactory.getLogger(ConsulAgent.class);
    private static final Shared<Key, ConsulAgent> AGENTS = new Shared<>();

    /** An agent accepts 200 connections of one client unless told otherwise; others on this machine need some, too. */
    private static final int MOST_HELD = 128;

    private static final Duration BEAT = Duration.ofSeconds(4);
    private static final Duration BEAT_WHEN_DOWN = Duration.ofSeconds(1);
    private static final Duration BEAT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration TOKEN_RECENT = Duration.ofSeconds(5);
    private static final int FAILURES_UNTIL_DOWN = 2;

    private final AgentConfig config;
    private final ScheduledExecutorService scheduler;
    private final HttpClient client;
    private final @Nullable RecentPassword token;
    private final Set<Member> members = new LinkedHashSet<>();
    private int held;
    private int failures;
    private @Nullable Future<?> timer;
    private boolean beating;
    private volatile boolean closed;

    private ConsulAgent(AgentConfig config, ScheduledExecutorService scheduler) {
        this.config = config;
        this.scheduler = scheduler;
        this.client = new HttpClient(config.address(), config.options(), scheduler);
        RegistryPassword password = RegistryPassword.of(config.token());
        this.token = password == null ? null : new RecentPassword(password, TOKEN_RECENT);
        beatAfter(BEAT_WHEN_DOWN);
    }

    static Shared<Key, ConsulAgent>.Lease lease(AgentConfig config, ScheduledExecutorService scheduler) {
        return AGENTS.lease(new Key(config, scheduler), () -> new ConsulAgent(config, scheduler));
    }

    void join(Member member) {
        members.add(member);
    }

    void leave(Member member) {
        members.remove(member);
    }

    /** Whether the agent may hold one more question; {@code true} is to be followed by {@link #letGo()}. */
    boolean mayHold() {
        if (held >= MOST_HELD) {
            return false;
        }
        held++;
        return true;
    }

    void letGo() {
        held--;
    }

    /** Asks with the token, if there is one. Cancelling the result ends the exchange. */
    CompletableFuture<HttpAnswer> get(String target, Duration timeout) {
        HttpRequest request = HttpRequest.get(target);
        if (token == null) {
            return client.send(request, timeout);
        }
        CompletableFuture<HttpAnswer> result = new CompletableFuture<>();
        token.read().whenComplete((secret, failure) -> {
            if (failure != null) {
                result.completeExceptionally(failure);
                return;
            }
            CompletableFuture<HttpAnswer> sent =
                    client.send(request.secretHeader("X-Consul-Token", "", secret), timeout);
            result.whenComplete((answer, cancelled) -> sent.cancel(true)); // which changes nothing once it is done
            sent.whenComplete((answer, problem) -> {
                if (problem == null) {
                    result.complete(answer);
                } else {
                    result.completeExceptionally(problem);
                }
            });
        });
        return result;
    }

    DiscoveryException problem(String what) {
        return new DiscoveryException(config.address() + ": " + what);
    }

    void tokenRefused() {
        if (token != null) {
            token.refused();
        }
    }

    /** Something failed: looks at once whether the agent is there. */
    void suspect() {
        if (failures < FAILURES_UNTIL_DOWN) {
            beat();
        }
    }

    @Override
    public void close() {
        closed = true;
        client.close();
        if (token != null) {
            token.close();
        }
    }

    private void beat() {
        if (beating || closed) {
            return;
        }
        beating = true;
        client.send(HttpRequest.get("/v1/status/leader"), BEAT_TIMEOUT)
                .handle(this::problem)
                .whenComplete((problem, failure) -> onControlThread(scheduler, () -> beaten(problem)));
    }

    private @Nullable DiscoveryException problem(@Nullable HttpAnswer answer, @Nullable Throwable failure) {
        if (answer == null) {
            return asDiscovery(failure);
        }
        if (!answer.isSuccess()) {
            return problem(answer.summary());
        }
        return answer.text().strip().length() > 2 // "" in quotes
                ? null
                : problem("its cluster has no leader");
    }

    private void beaten(@Nullable DiscoveryException problem) {
        beating = false;
        if (closed) {
            return;
        }
        if (problem == null) {
            boolean wasDown = failures >= FAILURES_UNTIL_DOWN;
            failures = 0;
            if (wasDown) {
                List.copyOf(members).forEach(Member::onUp);
            }
            beatAfter(BEAT);
        } else {
            failures++;
            if (failures >= FAILURES_UNTIL_DOWN) {
                List.copyOf(members).forEach(member -> member.onDown(problem));
            }
            beatAfter(BEAT_WHEN_DOWN);
        }
    }

    private void beatAfter(Duration about) {
        if (timer != null) {
            timer.cancel(false);
        }
        timer = schedule(scheduler, this::beat, Jitter.between(about.dividedBy(2), about));
    }

    static DiscoveryException asDiscovery(@Nullable Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause instanceof DiscoveryException known ? known : new DiscoveryException(String.valueOf(cause), cause);
    }

    static void onControlThread(ScheduledExecutorService scheduler, Runnable step) {
        schedule(scheduler, step, Duration.ZERO);
    }

    /** {@code null} if the control thread has stopped. */
    static @Nullable Future<?> schedule(ScheduledExecutorService scheduler, Runnable step, Duration delay) {
        try {
            return scheduler.schedule(step, delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.trace("The control thread has stopped", e);
            return null;
        }
    }
}
