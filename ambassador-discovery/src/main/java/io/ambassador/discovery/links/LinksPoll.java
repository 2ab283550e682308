package io.ambassador.discovery.links;

import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.support.Answer;
import io.ambassador.discovery.support.PollingWatch;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;

/** Answers with what the environment said; only host names in it, which Docker does not write, may change. */
final class LinksPoll implements PollingWatch.Poll {
    private final LinksConfig config;
    private final EndpointResolver resolver;

    LinksPoll(LinksConfig config, ScheduledExecutorService scheduler) {
        this.config = config;
        this.resolver = new EndpointResolver(config.options(), scheduler);
    }

    @Override
    public CompletionStage<Answer> ask() {
        return config.entries().isEmpty()
                ? CompletableFuture.completedFuture(Answer.absent(config.absence(), null))
                : resolver.resolve(config.entries());
    }

    @Override
    public void close() {
        resolver.close();
    }
}
