package io.ambassador.discovery.consul;

import io.ambassador.discovery.support.DiscoveryFailure;
import io.ambassador.discovery.support.RecentPassword;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.Shared;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.http.HttpClient;
import io.ambassador.discovery.support.http.HttpRequest;
import io.ambassador.discovery.support.http.TokenClient;
import io.ambassador.discovery.support.registry.Pulse;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * One agent, shared by all that is followed there. Every few seconds it is asked who leads its cluster: that tells a
 * hanging agent, and one without a leader, long before the questions that it holds would. On the control thread, but
 * for {@link #close()}.
 */
final class ConsulAgent implements AutoCloseable {
    private record Key(AgentConfig config, ScheduledExecutorService scheduler) {}

    private static final Shared<Key, ConsulAgent> AGENTS = new Shared<>();

    /** An agent accepts 200 connections of one client unless told otherwise; others on this machine need some, too. */
    private static final int MOST_HELD = 128;

    private static final Duration LOOK = Duration.ofSeconds(4);
    private static final Duration LOOK_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration TOKEN_RECENT = Duration.ofSeconds(5);

    private final AgentConfig config;
    private final ScheduledExecutorService scheduler;
    private final TokenClient client;
    private final Pulse pulse;
    private int held;

    private ConsulAgent(AgentConfig config, ScheduledExecutorService scheduler) {
        this.config = config;
        this.scheduler = scheduler;
        RegistryPassword token = RegistryPassword.of(config.token());
        this.client = new TokenClient(
                new HttpClient(config.address(), config.options(), scheduler),
                token == null ? null : new RecentPassword(token, TOKEN_RECENT),
                "X-Consul-Token",
                "");
        this.pulse = new Pulse(scheduler, LOOK, this::askForLeader);
        Pulse.schedule(scheduler, pulse::start, Duration.ZERO);
    }

    static Shared<Key, ConsulAgent>.Lease lease(AgentConfig config, ScheduledExecutorService scheduler) {
        return AGENTS.lease(new Key(config, scheduler), () -> new ConsulAgent(config, scheduler));
    }

    Pulse pulse() {
        return pulse;
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
        return client.send(HttpRequest.get(target), timeout);
    }

    DiscoveryException problem(String what) {
        return new DiscoveryException(config.address() + ": " + what);
    }

    void tokenRefused() {
        client.refused();
    }

    @Override
    public void close() {
        Pulse.schedule(scheduler, pulse::stop, Duration.ZERO);
        client.close();
    }

    private CompletableFuture<@Nullable DiscoveryException> askForLeader() {
        return client.send(HttpRequest.get("/v1/status/leader"), LOOK_TIMEOUT).handle(this::judge);
    }

    private @Nullable DiscoveryException judge(@Nullable HttpAnswer answer, @Nullable Throwable failure) {
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

    DiscoveryException asDiscovery(@Nullable Throwable failure) {
        return DiscoveryFailure.of(config.address().toString(), failure);
    }
}
