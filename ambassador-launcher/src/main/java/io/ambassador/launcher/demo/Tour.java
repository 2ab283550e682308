package io.ambassador.launcher.demo;

import io.ambassador.launcher.demo.Step.Broken;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Takes the steps one after the other and prints what each of them showed. */
final class Tour {
    static final Duration LIMIT = Duration.ofSeconds(20);

    private final List<Step> steps;
    private final PrintStream out;
    private final Duration limit;
    private final AtomicBoolean over = new AtomicBoolean();

    /** @param limit after which the tour has failed, wherever it is */
    Tour(List<Step> steps, PrintStream out, Duration limit) {
        this.steps = steps;
        this.out = out;
        this.limit = limit;
    }

    static Tour of(Stage stage, PrintStream out) {
        return new Tour(
                List.of(
                        new ConnectStep(stage),
                        new BalanceStep(stage),
                        new FailOverStep(stage),
                        new DiscoveryStep(stage),
                        new RotationStep(stage)),
                out,
                LIMIT);
    }

    /** Begins on a thread of its own; completes with the exit code: 0 if every step did what it says, else 1. */
    CompletionStage<Integer> start() {
        CompletableFuture<Integer> code = new CompletableFuture<>();
        Thread thread = new Thread(() -> code.complete(run()), "demo-tour");
        thread.setDaemon(true);
        thread.start();
        return code.completeOnTimeout(-1, limit.toMillis(), TimeUnit.MILLISECONDS)
                .thenApply(result -> {
                    over.set(true);
                    thread.interrupt();
                    if (result < 0) {
                        out.println("✘ The tour is not over after " + Step.seconds(limit) + ".");
                    }
                    return result == 0 ? 0 : 1;
                });
    }

    private int run() {
        Deadline clock = Deadline.in(limit);
        int broken = 0;
        for (Step step : steps) {
            boolean kept = take(step);
            if (over.get()) {
                return 1;
            }
            broken += kept ? 0 : 1;
        }
        out.println(
                broken == 0
                        ? "All " + steps.size() + " steps did what they say, in " + Step.seconds(clock.elapsed()) + "."
                        : broken + " of " + steps.size() + " steps failed.");
        return broken == 0 ? 0 : 1;
    }

    private boolean take(Step step) {
        try {
            return print(true, step, step.run());
        } catch (Broken e) {
            return print(false, step, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return print(false, step, "a connection failed: " + e.getMessage());
        } catch (InterruptedException e) {
            return print(false, step, "interrupted");
        } catch (RuntimeException e) {
            return print(false, step, e.toString());
        }
    }

    private boolean print(boolean kept, Step step, String seen) {
        if (!over.get()) {
            out.printf("%s %-10s %s%n", kept ? "✔" : "✘", step.name(), seen);
        }
        return kept;
    }
}
