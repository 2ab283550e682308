package io.ambassador.discovery.etcd;

import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.support.Answer;
import io.ambassador.discovery.support.PollingWatch;
import io.ambassador.spi.discovery.DiscoveryException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/** Tells one service what the shared client knows of its path, and looks up host names among it. */
final class EtcdPoll implements PollingWatch.Poll {
    private final EtcdClients clients;
    private final EtcdClient client;
    private final Prefix prefix;
    private final EndpointResolver resolver;
    private final Runnable askNow;
    private @Nullable CompletableFuture<Answer> first; // control thread; asked before there was anything to tell

    EtcdPoll(EtcdClients clients, EtcdConfig config, ScheduledExecutorService control, Runnable askNow) {
        this.clients = clients;
        this.askNow = askNow;
        this.prefix = new Prefix(config.path(), this::changed);
        this.resolver = new EndpointResolver(config.cluster().dns(), control);
        this.client = clients.acquire(config.cluster(), control);
        client.follow(prefix);
    }

    @Override
    public CompletionStage<Answer> ask() {
        if (!prefix.isKnown() && prefix.problem() == null) {
            first = new CompletableFuture<>(); // a round over the members ends in bounded time
            return first;
        }
        return answer();
    }

    private CompletionStage<Answer> answer() {
        DiscoveryException problem = prefix.problem();
        if (problem != null) {
            return CompletableFuture.completedFuture(Answer.unreachable(problem));
        }
        if (prefix.isEmpty()) {
            return CompletableFuture.completedFuture(Answer.absent("etcd has no key below " + prefix.path(), null));
        }
        return resolver.resolve(prefix.entries());
    }

    private void changed() {
        CompletableFuture<Answer> waiting = first;
        first = null;
        if (waiting == null) {
            askNow.run();
        } else {
            answer().whenComplete((answer, failure) -> {
                if (failure == null) {
                    waiting.complete(answer);
                } else {
                    waiting.completeExceptionally(failure);
                }
            });
        }
    }

    @Override
    public void close() {
        resolver.close();
        client.unfollow(prefix);
        clients.release(client);
    }
}
