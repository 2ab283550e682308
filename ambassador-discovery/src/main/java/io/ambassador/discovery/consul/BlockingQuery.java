package io.ambassador.discovery.consul;

import io.ambassador.discovery.support.Backoff;
import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.Shared;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.http.Target;
import io.ambassador.discovery.support.registry.Pulse;
import io.ambassador.discovery.support.registry.RegistryWatch;
import io.ambassador.discovery.support.registry.Told;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.EndpointSource;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks an agent one question over and over, which it answers when there is news, or when it has waited long enough. On
 * the control thread, except that answers are read where they arrive.
 *
 * @see <a href="https://developer.hashicorp.com/consul/api-docs/features/blocking">Blocking queries</a>
 */
final class BlockingQuery implements Pulse.Member {
    /** Turns a successful answer, or one of 404, into what it tells. */
    interface Reader extends Function<HttpAnswer, Told> {
        /** @throws IllegalArgumentException telling what is wrong with the answer */
        @Override
        Told apply(HttpAnswer answer);
    }

    /**
     * What one answer gave.
     *
     * @param told {@code null} if it is what the answer before said
     * @param index for the next question
     */
    private record Outcome(@Nullable Told told, long index, int status) {}

    /** Between two questions to which the answer comes at once, as while a service is deployed. */
    private static final Duration LEAST_GAP = Duration.ofMillis(100);

    /** Between two questions that the agent does not hold, since it holds enough of ours. */
    private static final Duration POLL_GAP = Duration.ofSeconds(1);

    private static final Duration POLL_SPREAD = Duration.ofMillis(250);
    private static final Duration RETURN_SPREAD = Duration.ofMillis(500);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);

    private final Shared<?, ConsulAgent>.Lease lease;
    private final ConsulAgent agent;
    private final ScheduledExecutorService scheduler;
    private final String target;
    private final Duration wait;
    private final Reader reader;
    private final Consumer<Told> listener;
    private final Backoff backoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(10));
    private long index; // 0 asks for the state as it is
    private long askedAt;
    private boolean down;
    private @Nullable CompletableFuture<HttpAnswer> asked;
    private @Nullable Future<?> timer;
    private volatile boolean closed;

    private BlockingQuery(
            Shared<?, ConsulAgent>.Lease lease,
            ScheduledExecutorService scheduler,
            String target,
            Duration wait,
            Reader reader,
            Consumer<Told> listener) {
        this.lease = lease;
        this.agent = lease.value();
        this.scheduler = scheduler;
        this.target = target;
        this.wait = wait;
        this.reader = reader;
        this.listener = listener;
    }

    /**
     * A source that asks for {@code target}.
     *
     * @param name what is followed, for the log
     * @param wait the longest that the agent may hold the question
     * @param reader makes one for each watch
     */
    static EndpointSource source(
            AgentConfig config,
            ScheduledExecutorService scheduler,
            String name,
            Target target,
            Duration wait,
            Supplier<Reader> reader) {
        return listener -> RegistryWatch.start(name, scheduler, listener, config.options(), told -> {
            BlockingQuery query = new BlockingQuery(
                    ConsulAgent.lease(config, scheduler), scheduler, target.toString(), wait, reader.get(), told);
            Pulse.schedule(scheduler, query::begin, Duration.ZERO);
            return query::close;
        });
    }

    private void begin() {
        if (!closed) {
            agent.pulse().join(this);
            ask();
        }
    }

    private void close() {
        closed = true;
        Pulse.schedule(scheduler, this::end, Duration.ZERO);
        lease.close();
    }

    private void end() {
        agent.pulse().leave(this);
        forget();
    }

    @Override
    public void onDown(DiscoveryException why) {
        down = true;
        forget();
        listener.accept(new Told.Unreachable(why));
    }

    @Override
    public void onUp() {
        down = false;
        forget();
        askAfter(Jitter.between(Duration.ZERO, RETURN_SPREAD));
    }

    /** Takes back the question, or the plan to ask it. */
    private void forget() {
        index = 0;
        CompletableFuture<HttpAnswer> question = asked;
        asked = null;
        if (question != null) {
            question.cancel(true);
        }
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void ask() {
        if (closed || asked != null) {
            return;
        }
        askedAt = System.nanoTime();
        boolean hold = index > 0 && agent.mayHold();
        long sentIndex = index;
        long waitMillis =
                Jitter.between(wait.multipliedBy(9).dividedBy(10), wait).toMillis();
        String more =
                hold ? (target.indexOf('?') < 0 ? "?" : "&") + "index=" + index + "&wait=" + waitMillis + "ms" : "";
        Duration timeout = hold ? ANSWER_TIMEOUT.plus(wait.multipliedBy(17).dividedBy(16)) : ANSWER_TIMEOUT;
        CompletableFuture<HttpAnswer> question = agent.get(target + more, timeout);
        asked = question;
        question.thenApply(answer -> read(answer, sentIndex))
                .whenComplete((outcome, failure) -> Pulse.schedule(
                        scheduler,
                        () -> {
                            if (hold) {
                                agent.letGo();
                            }
                            if (asked == question) { // else it was taken back
                                asked = null;
                                if (failure == null) {
                                    take(outcome, !hold && (sentIndex > 0 || outcome.index() == 0));
                                } else {
                                    failed(agent.asDiscovery(failure));
                                }
                            }
                        },
                        Duration.ZERO));
    }

    /** Where the answer arrived, so that reading a long one keeps nobody waiting. */
    private Outcome read(HttpAnswer answer, long sentIndex) {
        if (!answer.isSuccess() && answer.status() != 404) {
            return new Outcome(new Told.Unreachable(agent.problem(answer.summary())), 0, answer.status());
        }
        long newIndex = index(answer.header("x-consul-index"));
        if (newIndex > 0 && newIndex == sentIndex) {
            return new Outcome(null, newIndex, answer.status());
        }
        // An index that goes backwards means a cluster that was restored or replaced.
        long next = newIndex < sentIndex ? 0 : newIndex;
        try {
            return new Outcome(reader.apply(answer), next, answer.status());
        } catch (IllegalArgumentException e) {
            return new Outcome(new Told.Unreachable(agent.problem("its answer " + e.getMessage())), 0, answer.status());
        }
    }

    private static long index(@Nullable String header) {
        try {
            return header == null ? 0 : Math.max(0, Long.parseLong(header));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private void take(Outcome outcome, boolean polled) {
        if (outcome.told() instanceof Told.Unreachable unreachable) {
            if (outcome.status() == 401 || outcome.status() == 403) {
                agent.tokenRefused();
            }
            failed(unreachable.cause());
            return;
        }
        backoff.reset();
        index = outcome.index();
        if (outcome.told() != null) {
            listener.accept(outcome.told());
        }
        if (polled) {
            askAfter(Jitter.upTo(POLL_GAP, POLL_SPREAD));
        } else {
            askAfter(LEAST_GAP.minusNanos(System.nanoTime() - askedAt));
        }
    }

    private void failed(DiscoveryException why) {
        index = 0;
        listener.accept(new Told.Unreachable(why));
        agent.pulse().suspect();
        if (!down) {
            askAfter(backoff.next());
        }
    }

    private void askAfter(Duration delay) {
        if (timer != null) {
            timer.cancel(false);
        }
        if (delay.isNegative() || delay.isZero()) {
            ask();
        } else {
            timer = Pulse.schedule(scheduler, this::ask, delay);
        }
    }
}
