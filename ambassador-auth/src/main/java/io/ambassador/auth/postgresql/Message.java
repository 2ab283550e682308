package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One message of a server. */
final class Message {
    private final char type;
    private final byte[] body;

    Message(char type, byte[] body) {
        this.type = type;
        this.body = body;
    }

    char type() {
        return type;
    }

    byte[] body() {
        return body;
    }

    /** The number at its beginning; -1 if it is too short for one. */
    int code() {
        return body.length < 4 ? -1 : ByteBuffer.wrap(body).getInt();
    }

    /** What follows {@link #code}. */
    byte[] afterCode() {
        return Arrays.copyOfRange(body, Math.min(4, body.length), body.length);
    }

    /** The text from {@code start} to the next zero byte; {@code null} if there is none. */
    @Nullable String text(int start) {
        for (int end = start; end < body.length; end++) {
            if (body[end] == 0) {
                return new String(body, start, end - start, ISO_8859_1);
            }
        }
        return null;
    }

    /** The field {@code C} of an error; {@code "unknown"} unless it is five letters and digits. */
    String sqlState() {
        for (int at = 0; at < body.length && body[at] != 0; ) {
            String value = text(at + 1);
            if (value == null) {
                break;
            }
            if (body[at] == 'C' && value.matches("[0-9A-Z]{5}")) {
                return value;
            }
            at += value.length() + 2;
        }
        return "unknown";
    }

    /** As it came. */
    byte[] encoded() {
        return ByteBuffer.allocate(5 + body.length)
                .put((byte) type)
                .putInt(4 + body.length)
                .put(body)
                .array();
    }
}
