package io.ambassador.auth.redis;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
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
    /** A mark, a sign, 18 digits and the end of the line. */
    private static final int MAX_NUMBER_LINE = 22;
    /** How much of a name is looked at: more than the longest that matters. */
    private static final int LOOK = 24;
    /** What servers allow those who are not logged in. */
    private static final int STRANGERS_ARGUMENTS = 10;

    private static final int STRANGERS_BYTES = 16 * 1024;
    private static final long INCOMPLETE = Long.MIN_VALUE;

    private final List<byte[]> arguments = new ArrayList<>(4);
    /** What is looked at is copied here: a buffer checks each access. */
    private final byte[] looked = new byte[LOOK];

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
        if (length == INCOMPLETE || !look(in, length)) {
            return null;
        }
        Command command = Command.named(looked, length);
        if (command == Command.AUTH || command == Command.HELLO || command == Command.RESET) {
            return whole(in, count, (int) length) ? command : null;
        }
        if (count > 1 && Command.isClient(looked, length)) {
            at += (int) length + 2;
            length = length(in);
            if (length == INCOMPLETE || !look(in, length)) {
                return null;
            }
            command = Command.client(looked, length);
            count--;
        }
        payload = length + 2;
        following = count - 1;
        return command;
    }

    /** Looks at a word; {@code false} if too little of it is there. */
    private boolean look(ByteBuf in, long length) throws BadRequestException {
        int there = (int) Math.min(length, LOOK);
        if (in.writerIndex() - at < there) {
            return false;
        }
        in.getBytes(at, looked, 0, there);
        refuseNul(looked, there);
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
        byte[] line = ByteBufUtil.getBytes(in, start, end - start, true);
        try {
            refuseControls(line);
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
        byte[] name = arguments.remove(0);
        look(name);
        Command command = Command.named(looked, name.length);
        if (!arguments.isEmpty() && Command.isClient(looked, name.length)) {
            look(arguments.get(0));
            command = Command.client(looked, arguments.get(0).length);
        }
        if (command != Command.AUTH && command != Command.HELLO) {
            wipe();
        }
        return command;
    }

    private void look(byte[] word) throws BadRequestException {
        int there = Math.min(word.length, LOOK);
        System.arraycopy(word, 0, looked, 0, there);
        refuseNul(looked, there);
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
        int there = Math.min(end - at, MAX_NUMBER_LINE);
        in.getBytes(at, looked, 0, there);
        if (looked[0] != mark) {
            throw broken("expected '" + mark + "'");
        }
        int digit = there > 1 && looked[1] == '-' ? 2 : 1;
        int first = digit;
        long number = 0;
        while (digit < there && looked[digit] >= '0' && looked[digit] <= '9') {
            number = number * 10 + looked[digit++] - '0';
        }
        if (there < MAX_NUMBER_LINE && (digit == there || digit == there - 1 && looked[digit] == '\r')) {
            return INCOMPLETE;
        }
        boolean padded = looked[first] == '0' && (digit > first + 1 || first == 2);
        if (digit == first || digit > first + 18 || padded || looked[digit] != '\r' || looked[digit + 1] != '\n') {
            throw invalid(mark);
        }
        at += digit + 2;
        return first == 2 ? -number : number;
    }

    /** Servers differ about which of them, blanks apart, part words or end a line. */
    private static void refuseControls(byte[] line) throws BadRequestException {
        for (byte b : line) {
            if (b >= 0 && b < ' ' && b != '\t') {
                throw broken("control character in a line");
            }
        }
    }

    /** C servers may take a NUL for the end of a word, so there is to be none. */
    private static void refuseNul(byte[] text, int length) throws BadRequestException {
        for (int i = 0; i < length; i++) {
            if (text[i] == 0) {
                throw broken("NUL in the name of a command");
            }
        }
    }

    private static BadRequestException invalid(char mark) {
        return broken(mark == '*' ? "invalid multibulk length" : "invalid bulk length");
    }

    private static BadRequestException broken(String what) {
        return new BadRequestException("ERR Protocol error: " + what);
    }
}
