package io.ambassador.discovery.file;

import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.support.Answer;
import io.ambassador.discovery.support.PollingWatch;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;

/** Answers with what the file says now; host names in it are looked up. */
final class FilePoll implements PollingWatch.Poll {
    private final ScheduledExecutorService scheduler;
    private final EndpointResolver resolver;
    private final FileFollower follower;

    FilePoll(FileConfig config, ScheduledExecutorService scheduler, Runnable changed) {
        this.scheduler = scheduler;
        resolver = new EndpointResolver(config.options(), scheduler);
        follower = FileFollower.start(config.path().toAbsolutePath(), changed);
    }

    @Override
    public CompletionStage<Answer> ask() {
        return follower.entries().thenComposeAsync(resolver::resolve, scheduler);
    }

    @Override
    public void close() {
        follower.close();
        resolver.close();
    }
}
