package io.ambassador.discovery.fixed;

import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.support.Answer;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.PollingWatch;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;

/** Gives the literal addresses first, which need nobody's help; host names join them when they have been looked up. */
final class FixedPoll implements PollingWatch.Poll {
    private final List<EndpointEntry> entries;
    private final EndpointResolver resolver;
    private boolean first = true;

    FixedPoll(FixedConfig config, ScheduledExecutorService scheduler) {
        entries = config.entries();
        resolver = new EndpointResolver(config.options(), scheduler);
    }

    @Override
    public CompletionStage<Answer> ask() {
        List<EndpointEntry> literals =
                entries.stream().filter(EndpointEntry::isLiteral).toList();
        boolean mixed = !literals.isEmpty() && literals.size() < entries.size();
        if (first && mixed) {
            first = false;
            return resolver.resolve(literals).thenApply(answer -> Answer.known(answer.state(), Duration.ZERO));
        }
        return resolver.resolve(entries);
    }

    @Override
    public void close() {
        resolver.close();
    }
}
