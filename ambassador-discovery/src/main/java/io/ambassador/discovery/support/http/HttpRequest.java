package io.ambassador.discovery.support.http;

import io.ambassador.spi.secret.Secret;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is asked for.
 *
 * @param target path and query, percent-encoded
 * @param body empty if there is none, or a secret one
 * @param secret belongs to whoever the request is handed to, who wipes it when the exchange is over
 * @param secretBody the same
 */
public record HttpRequest(
        String method,
        String target,
        Map<String, String> headers,
        byte[] body,
        @Nullable SecretHeader secret,
        @Nullable Secret secretBody) {
    private static final byte[] NOTHING = {};

    /**
     * A header whose value nobody may see.
     *
     * @param prefix of the value, such as {@code "Bearer "}; no secret
     */
    public record SecretHeader(String name, String prefix, Secret value) {}

    public HttpRequest {
        headers = Map.copyOf(headers);
    }

    public static HttpRequest get(String target) {
        return new HttpRequest("GET", target, Map.of(), NOTHING, null, null);
    }

    public static HttpRequest post(String target, String contentType, byte[] body) {
        return new HttpRequest("POST", target, Map.of("content-type", contentType), body, null, null);
    }

    /** @param body taken over */
    public static HttpRequest post(String target, String contentType, Secret body) {
        return new HttpRequest("POST", target, Map.of("content-type", contentType), NOTHING, null, body);
    }

    public HttpRequest header(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new HttpRequest(method, target, more, body, secret, secretBody);
    }

    /** @param value taken over */
    public HttpRequest secretHeader(String name, String prefix, Secret value) {
        return new HttpRequest(method, target, headers, body, new SecretHeader(name, prefix, value), secretBody);
    }

    /** Asked twice, it changes no more than asked once. */
    boolean isRepeatable() {
        return method.equals("GET");
    }

    boolean hasSecret() {
        return secret != null || secretBody != null;
    }

    void wipe() {
        if (secret != null) {
            secret.value().close();
        }
        if (secretBody != null) {
            secretBody.close();
        }
    }

    @Override
    public String toString() {
        return method + " " + target;
    }
}
