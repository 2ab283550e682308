package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cuts RESP2 replies from a stream, each of at most 64 KiB, in time linear in their size however they are sliced. Not
 * thread-safe.
 */
final class ReplyScanner {
    static final int MAX_BYTES = 64 * 1024;
    private static final int MAX_TEXTS = 8;
    private static final int MAX_TEXT = 256;
    private static final int MAX_NUMBER = 20;

    private final List<String> texts = new ArrayList<>();
    /** Values still to come before the reply is whole. */
    private long pending = 1;
    /** Bytes of whole values so far. */
    private int scanned;
    /** Bytes known to hold no end of line. */
    private int searched;

    /**
     * The next reply, taken from {@code in}; {@code null} until it is whole, and then nothing is taken.
     *
     * @throws LoginException if this is no RESP2 reply, or too long a one
     */
    @Nullable Reply next(ByteBuf in) throws LoginException {
        while (pending > 0) {
            if (!value(in)) {
                if (in.readableBytes() >= MAX_BYTES) {
                    throw broken("sent a reply of more than " + MAX_BYTES + " bytes");
                }
                return null;
            }
            if (scanned > MAX_BYTES) {
                throw broken("sent a reply of more than " + MAX_BYTES + " bytes");
            }
        }
        Reply reply = new Reply((char) in.getByte(in.readerIndex()), List.copyOf(texts));
        in.skipBytes(scanned);
        texts.clear();
        pending = 1;
        scanned = 0;
        searched = 0;
        return reply;
    }

    /** Scans one value, or the head of an array; {@code false} if it is not whole yet. */
    private boolean value(ByteBuf in) throws LoginException {
        int start = in.readerIndex() + scanned;
        if (start == in.writerIndex()) {
            return false;
        }
        byte type = in.getByte(start);
        if (type != '+' && type != '-' && type != ':' && type != '$' && type != '*') {
            throw broken(notResp(type));
        }
        int end = in.indexOf(Math.max(start, in.readerIndex() + searched), in.writerIndex(), (byte) '\n');
        if (end < 0) {
            searched = in.readableBytes();
            if (type != '+' && type != '-' && in.writerIndex() - start > MAX_NUMBER + 3) {
                throw broken("sent a number of more than " + MAX_NUMBER + " digits");
            }
            return false;
        }
        if (in.getByte(end - 1) != '\r') {
            throw broken("ended a line without CR");
        }
        int head = end + 1 - start;
        switch (type) {
            case '$' -> {
                return bulk(in, start, head);
            }
            case '*' -> {
                long elements = number(in, start, head);
                pending += Math.max(elements, 0) - 1;
            }
            case ':' -> {
                number(in, start, head);
                keep(in, start + 1, head - 3);
                pending--;
            }
            default -> {
                keep(in, start + 1, head - 3);
                pending--;
            }
        }
        scanned += head;
        return true;
    }

    private boolean bulk(ByteBuf in, int start, int head) throws LoginException {
        long length = number(in, start, head);
        if (length > MAX_BYTES) {
            throw broken("announced a text of " + length + " bytes");
        }
        long whole = length < 0 ? head : head + length + 2;
        if (in.writerIndex() - start < whole) {
            searched = 0; // the head is short; it is read again
            return false;
        }
        if (length >= 0) {
            keep(in, start + head, (int) length);
        }
        pending--;
        scanned += (int) whole;
        return true;
    }

    private static long number(ByteBuf in, int start, int head) throws LoginException {
        if (head - 3 > MAX_NUMBER) {
            throw broken("sent a number of more than " + MAX_NUMBER + " digits");
        }
        try {
            return Long.parseLong(in.toString(start + 1, head - 3, ISO_8859_1));
        } catch (NumberFormatException e) {
            throw broken("sent a length that is no number");
        }
    }

    private void keep(ByteBuf in, int from, int length) {
        if (texts.size() < MAX_TEXTS) {
            texts.add(in.toString(from, Math.min(length, MAX_TEXT), ISO_8859_1));
        }
    }

    private static String notResp(byte type) {
        String hint = switch (type) {
            case 0x15, 0x16 -> " This looks like TLS: enable tls for the service.";
            case 'H' -> " This looks like HTTP: check the address.";
            default -> "";
        };
        return String.format("did not answer in RESP (first byte 0x%02x).%s", type, hint);
    }

    private static LoginException broken(String what) {
        return new LoginException(LoginException.Kind.PROTOCOL, "The server " + what);
    }
}
