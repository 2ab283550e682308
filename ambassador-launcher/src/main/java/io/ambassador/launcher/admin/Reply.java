package io.ambassador.launcher.admin;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is answered.
 *
 * @param stream what follows {@code body}, without end; {@code null} for nothing
 */
record Reply(
        HttpResponseStatus status,
        String contentType,
        byte[] body,
        Map<String, String> headers,
        @Nullable EventStream stream) {
    static final String JSON = "application/json";

    Reply(HttpResponseStatus status, String contentType, byte[] body, Map<String, String> headers) {
        this(status, contentType, body, headers, null);
    }

    static Reply text(HttpResponseStatus status, String text) {
        return new Reply(status, "text/plain; charset=utf-8", (text + "\n").getBytes(StandardCharsets.UTF_8), Map.of());
    }

    static Reply ok(String contentType, byte[] body) {
        return new Reply(HttpResponseStatus.OK, contentType, body, Map.of());
    }

    static Reply events(EventStream stream) {
        return new Reply(HttpResponseStatus.OK, "text/event-stream", new byte[0], Map.of(), stream);
    }

    Reply with(String header, String value) {
        return new Reply(status, contentType, body, Map.of(header, value), stream);
    }
}
