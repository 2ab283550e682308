package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what Redis clients and servers send, within bounds.
 *
 * @see <a href="https://redis.io/docs/latest/develop/reference/protocol-spec/">RESP</a>
 */
final class Resp {
    private static final int MAX_LINE = 8 * 1024;
    private static final int MAX_BULK = 64 * 1024;
    private static final int MAX_ARGUMENTS = 64;

    /** An error reply. */
    static final class ErrorReply extends IOException {
        private static final long serialVersionUID = 1L;

        ErrorReply(String message) {
            super(message);
        }

        /** Its first word, as {@code NOAUTH}. */
        String code() {
            return String.valueOf(getMessage()).split(" ", 2)[0];
        }
    }

    private Resp() {}

    /** The next command, as an array or as a line that somebody typed; {@code null} at the end of the stream. */
    static @Nullable List<byte[]> command(InputStream in) throws IOException {
        String line = line(in);
        if (line == null) {
            return null;
        }
        List<byte[]> arguments = new ArrayList<>();
        if (!line.startsWith("*")) {
            for (String word : line.trim().split("\\s+")) {
                if (!word.isEmpty()) {
                    arguments.add(word.getBytes(ISO_8859_1));
                }
            }
            return arguments;
        }
        int count = number(line, MAX_ARGUMENTS);
        for (int i = 0; i < count; i++) {
            String head = line(in);
            if (head == null || !head.startsWith("$")) {
                throw new IOException("expected a bulk string");
            }
            arguments.add(bulk(in, number(head, MAX_BULK)));
        }
        return arguments;
    }

    /**
     * The next reply, of a single value; {@code null} for a value that is not there.
     *
     * @throws ErrorReply if that is what the server sent
     */
    static @Nullable String reply(InputStream in) throws IOException {
        String line = line(in);
        if (line == null || line.isEmpty()) {
            throw new EOFException("the connection was closed instead of a reply");
        }
        String rest = line.substring(1);
        return switch (line.charAt(0)) {
            case '+', ':' -> rest;
            case '-' -> throw new ErrorReply(rest);
            case '$' -> rest.equals("-1") ? null : new String(bulk(in, number(line, MAX_BULK)), ISO_8859_1);
            default -> throw new IOException("not a single RESP2 value");
        };
    }

    private static byte[] bulk(InputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length || in.read() != '\r' || in.read() != '\n') {
            throw new EOFException("a bulk string was cut off");
        }
        return bytes;
    }

    private static int number(String line, int most) throws IOException {
        try {
            int number = Integer.parseInt(line.substring(1));
            if (number >= 0 && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IOException("not a length", e);
        }
        throw new IOException("a length out of bounds");
    }

    /** Without its end; {@code null} if there is none left. */
    private static @Nullable String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                return null;
            }
            if (line.size() == MAX_LINE) {
                throw new IOException("a line of more than " + MAX_LINE + " bytes");
            }
            line.write(next);
        }
        String text = line.toString(ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }
}
