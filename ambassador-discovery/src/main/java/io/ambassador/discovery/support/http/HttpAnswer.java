package io.ambassador.discovery.support.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A whole answer.
 *
 * @param headers by name in lower case; of a name given twice, the first
 * @param parts of its body, one after the other; none if its lines were told one by one
 */
public record HttpAnswer(int status, Map<String, String> headers, List<byte[]> parts) {
    private static final int EXCERPT = 200;

    /** Whether the status is 2xx. */
    public boolean isSuccess() {
        return status / 100 == 2;
    }

    public @Nullable String header(String name) {
        return headers.get(name.toLowerCase(Locale.ROOT));
    }

    /** The whole body. */
    public byte[] body() {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        parts.forEach(body::writeBytes);
        return body.toByteArray();
    }

    /** The body without putting it together, which for a long one would take its memory twice. */
    public InputStream stream() {
        return new SequenceInputStream(Collections.enumeration(
                parts.stream().map(ByteArrayInputStream::new).toList()));
    }

    public String text() {
        return new String(body(), UTF_8);
    }

    /** Status and the beginning of the body, for messages: {@code "500: No cluster leader"}. */
    public String summary() {
        ByteArrayOutputStream excerpt = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            excerpt.write(part, 0, Math.min(part.length, EXCERPT - excerpt.size()));
        }
        String text = excerpt.toString(UTF_8).strip();
        StringBuilder line = new StringBuilder().append(status);
        if (!text.isEmpty()) {
            line.append(": ");
            text.chars().forEach(c -> line.append(Character.isISOControl(c) ? ' ' : (char) c));
        }
        return line.toString();
    }
}
