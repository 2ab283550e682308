package io.ambassador.discovery.support.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A whole answer.
 *
 * @param headers by name in lower case; of a name given twice, the first
 * @param body empty if its lines were told one by one
 */
public record HttpAnswer(int status, Map<String, String> headers, byte[] body) {
    private static final int EXCERPT = 200;

    /** Whether the status is 2xx. */
    public boolean isSuccess() {
        return status / 100 == 2;
    }

    public @Nullable String header(String name) {
        return headers.get(name.toLowerCase(Locale.ROOT));
    }

    public String text() {
        return new String(body, UTF_8);
    }

    /** Status and the beginning of the body, for messages: {@code "500: No cluster leader"}. */
    public String summary() {
        String text = new String(body, 0, Math.min(body.length, EXCERPT), UTF_8).strip();
        StringBuilder line = new StringBuilder().append(status);
        if (!text.isEmpty()) {
            line.append(": ");
            text.chars().forEach(c -> line.append(Character.isISOControl(c) ? ' ' : (char) c));
        }
        return line.toString();
    }
}
