package io.ambassador.discovery.marathon;

import io.ambassador.discovery.support.DiscoveryFailure;
import io.ambassador.discovery.support.RecentPassword;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.http.HttpClient;
import io.ambassador.discovery.support.http.HttpRequest;
import io.ambassador.discovery.support.http.Lines;
import io.ambassador.discovery.support.http.Target;
import io.ambassador.discovery.support.http.TokenClient;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/** Asks one master; one that does not lead asks the one that does. Futures complete on the HTTP thread. Thread-safe. */
final class Master implements AutoCloseable {
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration PING_TIMEOUT = Duration.ofSeconds(2);

    /** Marathon sends an empty line every 10 s. */
    private static final Duration SILENCE = Duration.ofSeconds(45);

    private static final Duration SECRET_RECENT = Duration.ofSeconds(5);

    private final ServerAddress address;
    private final TokenClient client;

    Master(ServerAddress address, MastersConfig config, ScheduledExecutorService scheduler) {
        this.address = address;
        this.client = new TokenClient(
                new HttpClient(address, config.options(), scheduler),
                secret(config),
                "Authorization",
                config.username() == null ? "token=" : "Basic ");
    }

    private static @Nullable RecentPassword secret(MastersConfig config) {
        RegistryPassword password = RegistryPassword.of(config.password());
        String username = config.username();
        if (password != null && username != null) {
            return new RecentPassword(() -> BasicSecret.read(username, password), SECRET_RECENT);
        }
        RegistryPassword token = RegistryPassword.of(config.token());
        return token == null ? null : new RecentPassword(token, SECRET_RECENT);
    }

    CompletableFuture<HttpAnswer> ping() {
        return client.send(HttpRequest.get("/ping"), PING_TIMEOUT);
    }

    CompletableFuture<HttpAnswer> get(String target) {
        return client.send(HttpRequest.get(target).header("accept", "application/json"), ANSWER_TIMEOUT);
    }

    /** Follows the events that may change an app, until they end. */
    CompletableFuture<HttpAnswer> events(Lines lines) {
        Target target = new Target("/v2/events");
        new TreeSet<>(EventLines.CHANGES).forEach(type -> target.query("event_type", type));
        return client.follow(HttpRequest.get(target.toString()).header("accept", "text/event-stream"), SILENCE, lines);
    }

    /** Has events posted to {@code url}; once more, it changes nothing. */
    CompletableFuture<HttpAnswer> subscribe(String url) {
        return client.send(HttpRequest.post(subscriptions(url), "application/json", new byte[0]), ANSWER_TIMEOUT);
    }

    CompletableFuture<HttpAnswer> unsubscribe(String url) {
        return client.send(
                new HttpRequest("DELETE", subscriptions(url), Map.of(), new byte[0], null, null), PING_TIMEOUT);
    }

    private static String subscriptions(String url) {
        return new Target("/v2/eventSubscriptions").query("callbackUrl", url).toString();
    }

    /** The server refused the password or token: the next question reads it anew. */
    void refused() {
        client.refused();
    }

    DiscoveryException problem(String what) {
        return new DiscoveryException("Marathon " + address + ": " + what);
    }

    DiscoveryException asDiscovery(Throwable failure) {
        return DiscoveryFailure.of("Marathon " + address, failure);
    }

    @Override
    public void close() {
        client.close();
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
