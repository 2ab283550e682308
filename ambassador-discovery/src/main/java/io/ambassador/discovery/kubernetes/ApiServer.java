package io.ambassador.discovery.kubernetes;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.DiscoveryFailure;
import io.ambassador.discovery.support.RecentPassword;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.Shared;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.http.HttpClient;
import io.ambassador.discovery.support.http.HttpRequest;
import io.ambassador.discovery.support.http.TokenClient;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.discovery.support.registry.Pulse;
import io.ambassador.spi.Configured;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One API server, shared by all that is followed there. */
final class ApiServer implements AutoCloseable {
    private record Key(
            ServerAddress address,
            @Nullable Configured<SecretSourceProvider<?>> token,
            DnsOptions options,
            @Nullable InCluster cluster,
            ScheduledExecutorService scheduler) {}

    private static final Shared<Key, ApiServer> SERVERS = new Shared<>();

    private static final Duration LOOK = Duration.ofSeconds(10);
    private static final Duration LOOK_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration TOKEN_RECENT = Duration.ofMinutes(1);

    private final ServerAddress address;
    private final ScheduledExecutorService scheduler;
    private final TokenClient client;
    private final Pulse pulse;

    private ApiServer(Key key) {
        this.address = key.address();
        this.scheduler = key.scheduler();
        Supplier<CompletableFuture<Secret>> reader = reader(key);
        this.client = new TokenClient(
                new HttpClient(address, key.options(), scheduler),
                reader == null ? null : new RecentPassword(reader, TOKEN_RECENT),
                "Authorization",
                "Bearer ");
        this.pulse = new Pulse(scheduler, LOOK, this::look);
        Pulse.schedule(scheduler, pulse::start, Duration.ZERO);
    }

    private static @Nullable Supplier<CompletableFuture<Secret>> reader(Key key) {
        RegistryPassword given = RegistryPassword.of(key.token());
        if (given != null) {
            return given::read;
        }
        InCluster cluster = key.cluster();
        return cluster == null ? null : cluster::token;
    }

    /**
     * @param cluster where this runs, in case {@code config} names no server
     * @return {@code null} if it does not, and this runs outside of a cluster
     */
    static Shared<?, ApiServer>.@Nullable Lease lease(
            ApiServerConfig config, InCluster cluster, ScheduledExecutorService scheduler) {
        ServerAddress named = config.address();
        ServerAddress address = named == null ? cluster.address() : named;
        if (address == null) {
            return null;
        }
        Key key = new Key(address, config.token(), config.options(), named == null ? cluster : null, scheduler);
        return SERVERS.lease(key, () -> new ApiServer(key));
    }

    TokenClient client() {
        return client;
    }

    Pulse pulse() {
        return pulse;
    }

    DiscoveryException problem(String what) {
        return new DiscoveryException(address + ": " + what);
    }

    @Override
    public void close() {
        Pulse.schedule(scheduler, pulse::stop, Duration.ZERO);
        client.close();
    }

    /** Any answer below 500 will do: not everybody may read this. */
    private CompletableFuture<@Nullable DiscoveryException> look() {
        return client.send(HttpRequest.get("/readyz"), LOOK_TIMEOUT).handle(this::judge);
    }

    private @Nullable DiscoveryException judge(@Nullable HttpAnswer answer, @Nullable Throwable failure) {
        if (answer == null) {
            return asDiscovery(failure);
        }
        return answer.status() < 500 ? null : problem(answer.summary());
    }

    DiscoveryException asDiscovery(@Nullable Throwable failure) {
        return DiscoveryFailure.of(address.toString(), failure);
    }
}
