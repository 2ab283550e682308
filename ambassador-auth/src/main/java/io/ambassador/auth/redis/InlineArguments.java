package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.List;

/**
 * Splits a line into arguments as a server does: at blanks, with {@code "…"} and its escapes, and {@code '…'}.
 *
 * @see <a href="https://redis.io/docs/latest/develop/reference/protocol-spec/#inline-commands">Inline commands</a>
 */
final class InlineArguments {
    private final byte[] line;
    private final byte[] argument;
    private int at;
    private int length;

    private InlineArguments(byte[] line) {
        this.line = line;
        this.argument = new byte[line.length];
    }

    /**
     * Adds the arguments of {@code line} to {@code arguments}.
     *
     * @return whether its quotes are balanced; if not, some arguments may have been added
     */
    static boolean split(byte[] line, List<byte[]> arguments) {
        InlineArguments split = new InlineArguments(line);
        try {
            while (split.toNext()) {
                if (!split.readArgument()) {
                    return false;
                }
                arguments.add(Arrays.copyOf(split.argument, split.length));
            }
            return true;
        } finally {
            Arrays.fill(split.argument, (byte) 0);
        }
    }

    private boolean toNext() {
        while (at < line.length && isBlank(line[at])) {
            at++;
        }
        return at < line.length;
    }

    private boolean readArgument() {
        length = 0;
        while (at < line.length) {
            byte b = line[at++];
            if (b == '"' || b == '\'') {
                return readQuoted(b);
            }
            if (b == ' ' || b == '\n' || b == '\r' || b == '\t') {
                return true;
            }
            argument[length++] = b;
        }
        return true;
    }

    /** Up to the closing quote, which must end the argument. */
    private boolean readQuoted(byte quote) {
        while (at < line.length) {
            byte b = line[at++];
            if (b == quote) {
                return at == line.length || isBlank(line[at]);
            }
            if (b == '\\' && at < line.length && (quote == '"' || line[at] == '\'')) {
                b = quote == '"' ? escaped() : line[at++];
            }
            argument[length++] = b;
        }
        return false;
    }

    private byte escaped() {
        byte b = line[at++];
        if (b == 'x' && at + 2 <= line.length) {
            int high = Character.digit(line[at], 16);
            int low = Character.digit(line[at + 1], 16);
            if (high >= 0 && low >= 0) {
                at += 2;
                return (byte) (high << 4 | low);
            }
        }
        return switch (b) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'b' -> '\b';
            case 'a' -> 0x07;
            default -> b;
        };
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b >= '\t' && b <= '\r';
    }

    /** Whether {@code arguments} are the first line of an HTTP request. */
    static boolean isHttp(List<byte[]> arguments) {
        return arguments.size() == 3 && new String(arguments.get(2), US_ASCII).matches("(?i)HTTP/[0-9](\\.[0-9])?");
    }
}
