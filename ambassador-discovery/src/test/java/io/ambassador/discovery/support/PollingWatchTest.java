package io.ambassador.discovery.support;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.ControlThread;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PollingWatchTest {
    private static final Known ONE = new Known(Set.of(Endpoint.of("10.0.0.1", 1)));

    private final ControlThread control = new ControlThread();
    private final List<EndpointState> told = new CopyOnWriteArrayList<>();
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();

    @AfterEach
    void stop() {
        control.close();
    }

    private PollingWatch watch(Supplier<CompletionStage<Answer>> ask) {
        Backoff backoff = new Backoff(Duration.ofMillis(10), Duration.ofMillis(20));
        return PollingWatch.start("test", control.scheduler(), told::add, backoff, new PollingWatch.Poll() {
            @Override
            public CompletionStage<Answer> ask() {
                asked.incrementAndGet();
                return ask.get();
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        });
    }

    @Test
    void asksAgainWhenTheAnswerHasAged() {
        try (PollingWatch watch =
                watch(() -> CompletableFuture.completedFuture(Answer.known(ONE, Duration.ofMillis(5))))) {
            await().until(() -> asked.get() > 5);
        }
        assertEquals(List.of(ONE), told);
        assertEquals(1, closed.get());
    }

    @Test
    void failureOfAnyKindIsUnreachableAndAskedAgain() {
        try (PollingWatch watch = watch(() -> {
            if (asked.get() == 1) {
                throw new IllegalStateException("on purpose, while asking");
            }
            return asked.get() == 2
                    ? CompletableFuture.failedFuture(new IllegalArgumentException("on purpose, in the answer"))
                    : CompletableFuture.completedFuture(Answer.known(ONE, null));
        })) {
            await().until(() -> told.size() == 3);
        }
        assertTrue(
                told.get(0) instanceof Unreachable a && a.cause().getMessage().contains("while asking"));
        assertTrue(
                told.get(1) instanceof Unreachable b && b.cause().getMessage().contains("in the answer"));
        assertEquals(ONE, told.get(2));
    }

    @Test
    void oneQuestionAtATimeAndOneMoreAfterAChange() throws Exception {
        List<CompletableFuture<Answer>> open = new CopyOnWriteArrayList<>();
        try (PollingWatch watch = watch(() -> {
            CompletableFuture<Answer> answer = new CompletableFuture<>();
            open.add(answer);
            return answer;
        })) {
            await().until(() -> open.size() == 1);
            for (int i = 0; i < 10; i++) {
                watch.askNow();
            }
            control.scheduler().submit(() -> {}).get(); // they have been heard
            assertEquals(1, open.size());
            open.get(0).complete(Answer.known(ONE, null));
            await().until(() -> open.size() == 2);
            open.get(1).complete(Answer.known(ONE, null));
            control.scheduler().submit(() -> {}).get(); // the answer has been taken
            control.scheduler().submit(() -> {}).get(); // and what it set off has run
            assertEquals(2, open.size());
        }
    }

    @Test
    void nothingIsAskedAfterClose() throws Exception {
        PollingWatch watch = watch(() -> CompletableFuture.completedFuture(Answer.known(ONE, Duration.ofMillis(1))));
        await().until(() -> asked.get() > 2);
        watch.close();
        watch.close();
        control.scheduler().submit(() -> {}).get(); // a question that was under way is over
        int before = asked.get();
        CompletableFuture<Void> later = new CompletableFuture<>();
        control.scheduler().schedule(() -> later.complete(null), 50, TimeUnit.MILLISECONDS);
        later.get();
        assertEquals(before, asked.get());
        assertEquals(1, closed.get());
    }

    @Test
    void controlThreadThatHasStoppedIsNoError() {
        PollingWatch watch = watch(() -> CompletableFuture.completedFuture(Answer.known(ONE, Duration.ofMillis(1))));
        await().until(() -> asked.get() > 2);
        control.close();
        watch.askNow();
        watch.close();
        assertEquals(1, closed.get());
    }

    @Test
    void backoffDoublesUpToItsMaximumAndStartsOver() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofMillis(1_000));
        for (long longest : new long[] {100, 200, 400, 800, 1_000, 1_000}) {
            long millis = backoff.next().toMillis();
            assertTrue(millis >= longest / 2 && millis <= longest, millis + " ms (expected about " + longest + ")");
        }
        backoff.reset();
        assertTrue(backoff.next().toMillis() <= 100);
        Set<Duration> different = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            different.add(backoff.next());
        }
        assertFalse(different.size() < 10, "no jitter: " + different);
    }
}
