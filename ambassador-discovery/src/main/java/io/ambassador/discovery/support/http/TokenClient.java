package io.ambassador.discovery.support.http;

import io.ambassador.discovery.support.RecentPassword;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Asks with a token in a header, which is read anew once it is no longer recent. Thread-safe; owns what it is given. */
public final class TokenClient implements AutoCloseable {
    private final HttpClient client;
    private final @Nullable RecentPassword token;
    private final String header;
    private final String prefix;

    /**
     * @param token {@code null} to ask without
     * @param prefix of the header's value, such as {@code "Bearer "}
     */
    public TokenClient(HttpClient client, @Nullable RecentPassword token, String header, String prefix) {
        this.client = client;
        this.token = token;
        this.header = header;
        this.prefix = prefix;
    }

    /** As {@link HttpClient#send}. */
    public CompletableFuture<HttpAnswer> send(HttpRequest request, Duration timeout) {
        return ask(request, complete -> client.send(complete, timeout));
    }

    /** As {@link HttpClient#follow}. */
    public CompletableFuture<HttpAnswer> follow(HttpRequest request, Duration silence, Lines lines) {
        return ask(request, complete -> client.follow(complete, silence, lines));
    }

    /** The server refused the token: the next question reads it anew. */
    public void refused() {
        if (token != null) {
            token.refused();
        }
    }

    @Override
    public void close() {
        client.close();
        if (token != null) {
            token.close();
        }
    }

    private CompletableFuture<HttpAnswer> ask(
            HttpRequest request, Function<HttpRequest, CompletableFuture<HttpAnswer>> send) {
        if (token == null) {
            return send.apply(request);
        }
        CompletableFuture<HttpAnswer> result = new CompletableFuture<>();
        token.read().whenComplete((secret, failure) -> {
            if (failure != null) {
                result.completeExceptionally(failure);
                return;
            }
            CompletableFuture<HttpAnswer> sent = send.apply(request.secretHeader(header, prefix, secret));
            result.whenComplete((answer, cancelled) -> sent.cancel(true)); // which changes nothing once it is done
            sent.whenComplete((answer, problem) -> {
                if (problem == null) {
                    result.complete(answer);
                } else {
                    result.completeExceptionally(problem);
                }
            });
        });
        return result;
    }
}
