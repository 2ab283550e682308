package io.ambassador.discovery.support.registry;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.support.Answer;
import io.ambassador.discovery.support.PollingWatch;
import io.ambassador.spi.discovery.EndpointSource.Listener;
import io.ambassador.spi.discovery.EndpointSource.Watch;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;

/**
 * Follows a registry that pushes. A follower tells whole states whenever there is news, on any thread; host names among
 * them are looked up, and looked up again when their time is over, without asking the registry.
 */
public final class RegistryWatch {
    /** Begins to follow a registry. */
    public interface Follower {
        /**
         * @param told hears the first state in bounded time, if only that the registry does not answer, and each one
         *     after that
         * @return ends the following; called once
         */
        Runnable follow(Consumer<Told> told);
    }

    private RegistryWatch() {}

    /** @param name what is followed, for the log, as {@code consul://127.0.0.1:8500/redis} */
    public static Watch start(
            String name, ScheduledExecutorService scheduler, Listener listener, DnsOptions options, Follower follower) {
        return PollingWatch.start(
                name,
                scheduler,
                listener,
                EndpointResolver.newBackoff(),
                changed -> new LatestPoll(new EndpointResolver(options, scheduler), scheduler, follower, changed));
    }

    /** Answers with what was told last. */
    private static final class LatestPoll implements PollingWatch.Poll {
        private final EndpointResolver resolver;
        private final ScheduledExecutorService scheduler;
        private final Runnable changed;
        private final Runnable end;
        private volatile CompletableFuture<Told> latest = new CompletableFuture<>();

        LatestPoll(EndpointResolver resolver, ScheduledExecutorService scheduler, Follower follower, Runnable changed) {
            this.resolver = resolver;
            this.scheduler = scheduler;
            this.changed = changed;
            this.end = follower.follow(this::told);
        }

        @Override
        public CompletionStage<Answer> ask() {
            return latest.thenComposeAsync(this::answer, scheduler);
        }

        @Override
        public void close() {
            end.run();
            resolver.close();
        }

        private void told(Told told) {
            if (latest.complete(told)) {
                return; // the question that waits for it goes on
            }
            latest = CompletableFuture.completedFuture(told);
            changed.run();
        }

        private CompletionStage<Answer> answer(Told told) {
            if (told instanceof Told.Entries known) {
                return resolver.resolve(known.entries());
            }
            if (told instanceof Told.Absent absent) {
                return CompletableFuture.completedFuture(Answer.absent(absent.reason(), null));
            }
            return CompletableFuture.completedFuture(Answer.unreachable(((Told.Unreachable) told).cause()));
        }
    }
}
