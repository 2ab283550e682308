package io.ambassador.discovery.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.http.HttpClient;
import io.ambassador.discovery.support.http.HttpRequest;
import io.ambassador.discovery.support.http.Lines;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.secret.Secret;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks one member of a cluster. Every future fails with an {@link EtcdRefusal}, or with a {@link DiscoveryException} if
 * there was no answer; futures complete, and replies are heard, on the HTTP thread.
 */
final class EtcdMember implements AutoCloseable {
    /** An error instead of silence while the member has no leader. */
    private static final String NEEDS_LEADER = "Grpc-Metadata-hasleader";

    /** Members say every ten minutes that a watch is alive. */
    private static final Duration SILENCE = Duration.ofMinutes(30);

    private final ServerAddress address;
    private final HttpClient http;
    private @Nullable Secret token; // guarded by this, as is closed
    private boolean closed;

    EtcdMember(ServerAddress address, DnsOptions dns, ScheduledExecutorService control) {
        this.address = address;
        this.http = new HttpClient(address, dns, control);
    }

    /** Any answer is a sign of life, from the member alone. */
    CompletableFuture<HttpAnswer> version(Duration timeout) {
        return http.send(HttpRequest.get("/version"), timeout);
    }

    /** Logs in for what follows. */
    CompletableFuture<Void> authenticate(String username, Secret password, Duration timeout) {
        HttpRequest request =
                HttpRequest.post("/v3/auth/authenticate", "application/json", EtcdJson.credentials(username, password));
        return http.send(request, timeout).thenAccept(answer -> {
            refuseErrors(answer);
            try {
                use(EtcdJson.token(answer.body()));
            } catch (IOException e) {
                throw new CompletionException(notUnderstood(e));
            }
        });
    }

    CompletableFuture<Page> range(
            String from, String to, int limit, long revision, boolean keysOnly, Duration timeout) {
        String body = EtcdJson.range(from, to, limit, revision, keysOnly);
        return http.send(post("/v3/kv/range", body), timeout).thenApply(answer -> {
            refuseErrors(answer);
            try {
                return EtcdJson.page(answer.body());
            } catch (IOException e) {
                throw new CompletionException(notUnderstood(e));
            }
        });
    }

    /**
     * Opens one stream for several watches.
     *
     * @param requests from {@link EtcdJson#watch}
     * @return completes when the stream has ended; cancelling it ends the stream
     */
    CompletableFuture<HttpAnswer> watch(Collection<String> requests, Consumer<WatchReply> replies) {
        Lines lines = line -> replies.accept(reply(line));
        return http.follow(post("/v3/watch", String.join("\n", requests)), SILENCE, lines);
    }

    private WatchReply reply(String line) {
        try {
            return EtcdJson.watchReply(line);
        } catch (IOException e) {
            return WatchReply.broken(String.valueOf(notUnderstood(e).getMessage()));
        }
    }

    private HttpRequest post(String target, String body) {
        HttpRequest request = HttpRequest.post(target, "application/json", body.getBytes(UTF_8))
                .header(NEEDS_LEADER, "true");
        Secret shown = copyOfToken();
        return shown == null ? request : request.secretHeader("authorization", "", shown);
    }

    private synchronized @Nullable Secret copyOfToken() {
        return token == null ? null : token.copy();
    }

    private void refuseErrors(HttpAnswer answer) {
        if (!answer.isSuccess()) {
            EtcdJson.Refusal refusal = EtcdJson.refusal(answer.body(), 0, answer.summary());
            throw new CompletionException(new EtcdRefusal(address.toString(), refusal.code(), refusal.message()));
        }
    }

    private DiscoveryException notUnderstood(IOException cause) {
        return new DiscoveryException(
                address + ": its answer is not that of etcd 3.4 or later: " + cause.getMessage(), cause);
    }

    private synchronized void use(Secret newer) {
        if (closed) {
            newer.close();
            return;
        }
        if (token != null) {
            token.close();
        }
        token = newer;
    }

    @Override
    public synchronized void close() {
        closed = true;
        http.close();
        if (token != null) {
            token.close();
            token = null;
        }
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
