package io.ambassador.auth.redis;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the commands in what a client sends, in arrays or in lines. It accepts less than servers do, never more: what
 * two readers could understand differently is refused, since a command must not hide in it. Arguments that do not
 * matter are gone over by their length, whatever it is. Not thread-safe.
 *
 * @see <a href="https://redis.io/docs/latest/develop/reference/protocol-spec/">RESP, "Sending commands"</a>
 */
final class CommandParser {
    /** Of a line, and of a command that has to be read as a whole. */
    static final int MAX_BYTES = 64 * 1024;

    private static final int MAX_ARGUMENTS = 16;
    private static final int MAX_NUMBER_LINE = 32;
    /** How much of a name is looked at: more than the longest that matters. */
    private static final int LOOK = 24;
    /** What servers allow those who are not logged in. */
    private static final int STRANGERS_ARGUMENTS = 10;

    private static final int STRANGERS_BYTES = 16 * 1024;
    private static final long INCOMPLETE = Long.MIN_VALUE;

    private final List<byte[]> arguments = new ArrayList<>(4);
    private final int[] starts = new int[MAX_ARGUMENTS];
    private final int[] lengths = new int[MAX_ARGUMENTS];
    /** Bytes still to come of the argument under way, the end of its line included. */
    private long payload;
    /** Arguments still to come after that. */
    private long following;
    /** Where reading has got to within {@link #next}. */
    private int at;
    /** Bytes of an unfinished line known to hold no end. */
    private int searched;

    private boolean stranger;

    /** Whether the client has yet to log in, which limits what it may send. */
    void stranger(boolean is) {
        stranger = is;
    }

    /**
     * Goes over the rest of the command that {@link #next} found last, as far as it is there.
     *
     * @return whether the next command begins here
     */
    boolean skip(ByteBuf in) throws BadRequestException {
        while (true) {
            int there = (int) Math.min(payload, in.readableBytes());
            in.skipBytes(there);
            payload -= there;
            if (payload > 0) {
                return false;
            }
            if (following == 0) {
                return true;
            }
            at = in.readerIndex();
            long length = length(in);
            if (length == INCOMPLETE) {
                return false;
            }
            in.readerIndex(at);
            payload = length + 2;
            following--;
        }
    }

    /**
     * The next command, taken from {@code in} as a whole if it is {@code AUTH}, {@code HELLO}, {@code RESET} or a line,
     * else its beginning alone; {@code null} until that much is there, and then nothing is taken.
     */
    @Nullable Command next(ByteBuf in) throws BadRequestException {
        if (!in.isReadable()) {
            return null;
        }
        at = in.readerIndex();
        Command command = in.getByte(at) == '*' ? array(in) : line(in);
        if (command != null) {
            in.readerIndex(at);
        } else if (in.readableBytes() >= MAX_BYTES) {
            throw broken("too big a request");
        }
        return command;
    }

    /** What follows the name of the {@code AUTH} or {@code HELLO} found last; {@link #wipe} when done. */
    List<byte[]> arguments() {
        return arguments;
    }

    void wipe() {
        arguments.forEach(argument -> Arrays.fill(argument, (byte) 0));
        arguments.clear();
    }

    private @Nullable Command array(ByteBuf in) throws BadRequestException {
        long count = number(in, '*');
        if (count == INCOMPLETE) {
            return null;
        }
        if (count <= 0) {
            return Command.NONE;
        }
        if (stranger && count > STRANGERS_ARGUMENTS) {
            throw broken("unauthenticated multibulk length");
        }
        long length = length(in);
        if (length == INCOMPLETE || !hasWord(in, length)) {
            return null;
        }
        Command command = Command.named(in, at, length);
        if (command == Command.AUTH || command == Command.HELLO || command == Command.RESET) {
            return whole(in, count, (int) length) ? command : null;
        }
        if (count > 1 && Command.isClient(in, at, length)) {
            at += (int) length + 2;
            length = length(in);
            if (length == INCOMPLETE || !hasWord(in, length)) {
                return null;
            }
            command = Command.client(in, at, length);
            count--;
        }
        payload = length + 2;
        following = count - 1;
        return command;
    }

    /** Whether as much of a word as matters is there. C servers may take a NUL for its end, so there is to be none. */
    private boolean hasWord(ByteBuf in, long length) throws BadRequestException {
        int looked = (int) Math.min(length, LOOK);
        if (in.writerIndex() - at < looked) {
            return false;
        }
        refuseNul(in.indexOf(at, at + looked, (byte) 0) >= 0);
        return true;
    }

    /** Reads all arguments once they are there. */
    private boolean whole(ByteBuf in, long count, int nameLength) throws BadRequestException {
        if (count > MAX_ARGUMENTS) {
            throw broken("too many arguments");
        }
        at += nameLength + 2;
        for (int i = 0; i < count - 1; i++) {
            long length = length(in);
            if (length == INCOMPLETE) {
                return false;
            }
            if (length > MAX_BYTES) {
                throw broken("too big a request");
            }
            starts[i] = at;
            lengths[i] = (int) length;
            at += (int) length + 2;
        }
        if (at > in.writerIndex()) {
            return false;
        }
        for (int i = 0; i < count - 1; i++) {
            arguments.add(ByteBufUtil.getBytes(in, starts[i], lengths[i], true));
        }
        return true;
    }

    private @Nullable Command line(ByteBuf in) throws BadRequestException {
        int start = in.readerIndex();
        int end = in.indexOf(start + searched, in.writerIndex(), (byte) '\n');
        if (end < 0) {
            searched = in.readableBytes();
            return null;
        }
        searched = 0;
        at = end + 1;
        if (end > start && in.getByte(end - 1) == '\r') {
            end--;
        }
        refuseNul(end > start && in.indexOf(start, end, (byte) 0) >= 0);
        byte[] line = ByteBufUtil.getBytes(in, start, end - start, true);
        try {
            if (!InlineArguments.split(line, arguments)) {
                throw broken("unbalanced quotes in request");
            }
        } finally {
            Arrays.fill(line, (byte) 0);
        }
        return arguments.isEmpty() ? Command.NONE : lineCommand();
    }

    private Command lineCommand() throws BadRequestException {
        if (InlineArguments.isHttp(arguments)) {
            wipe();
            return Command.HTTP;
        }
        ByteBuf name = word(arguments.remove(0));
        Command command = Command.named(name, 0, name.capacity());
        if (!arguments.isEmpty() && Command.isClient(name, 0, name.capacity())) {
            ByteBuf second = word(arguments.get(0));
            command = Command.client(second, 0, second.capacity());
        }
        if (command != Command.AUTH && command != Command.HELLO) {
            wipe();
        }
        return command;
    }

    private static ByteBuf word(byte[] text) throws BadRequestException {
        ByteBuf word = Unpooled.wrappedBuffer(text);
        refuseNul(word.isReadable() && word.indexOf(0, word.capacity(), (byte) 0) >= 0);
        return word;
    }

    private long length(ByteBuf in) throws BadRequestException {
        long length = number(in, '$');
        if (length != INCOMPLETE && length < 0) {
            throw broken("invalid bulk length");
        }
        if (stranger && length > STRANGERS_BYTES) {
            throw broken("unauthenticated bulk length");
        }
        return length;
    }

    /** Reads a line of {@code mark} and a number, written in its one right way. */
    private long number(ByteBuf in, char mark) throws BadRequestException {
        int end = in.writerIndex();
        if (at >= end) {
            return INCOMPLETE;
        }
        if (in.getByte(at) != mark) {
            throw broken("expected '" + mark + "'");
        }
        int lineEnd = in.indexOf(at, Math.min(end, at + MAX_NUMBER_LINE), (byte) '\n');
        if (lineEnd < 0) {
            if (end - at >= MAX_NUMBER_LINE) {
                throw invalid(mark);
            }
            return INCOMPLETE;
        }
        int digit = at + 1;
        boolean negative = in.getByte(digit) == '-';
        if (negative) {
            digit++;
        }
        int digits = lineEnd - 1 - digit;
        boolean padded = digits > 0 && in.getByte(digit) == '0' && (digits > 1 || negative);
        if (in.getByte(lineEnd - 1) != '\r' || digits < 1 || digits > 18 || padded) {
            throw invalid(mark);
        }
        long number = 0;
        for (; digit < lineEnd - 1; digit++) {
            int value = in.getByte(digit) - '0';
            if (value < 0 || value > 9) {
                throw invalid(mark);
            }
            number = number * 10 + value;
        }
        at = lineEnd + 1;
        return negative ? -number : number;
    }

    private static void refuseNul(boolean present) throws BadRequestException {
        if (present) {
            throw broken("NUL in the name of a command");
        }
    }

    private static BadRequestException invalid(char mark) {
        return broken(mark == '*' ? "invalid multibulk length" : "invalid bulk length");
    }

    private static BadRequestException broken(String what) {
        return new BadRequestException("ERR Protocol error: " + what);
    }
}
