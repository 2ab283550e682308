package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.Client;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client's {@code HELLO [version [AUTH user password] [SETNAME name]]}, taken apart as a server does.
 *
 * @see <a href="https://redis.io/docs/latest/commands/hello/">HELLO</a>
 */
final class Hello {
    private static final byte[] NAME = "HELLO".getBytes(US_ASCII);

    private final List<byte[]> kept = new ArrayList<>(4);
    private boolean shorter;
    private boolean shows;
    private boolean accepted = true;

    private Hello() {}

    /** @param arguments what follows the name; wiped by the caller, when what this returns is done with */
    static Hello of(List<byte[]> arguments, Client client) throws BadRequestException {
        Hello hello = new Hello();
        int at = 0;
        if (!arguments.isEmpty()) {
            hello.kept.add(arguments.get(at++));
        }
        while (at < arguments.size()) {
            byte[] option = arguments.get(at);
            String word = word(option);
            int more = arguments.size() - at - 1;
            if (word.equalsIgnoreCase("AUTH") && more >= 2) {
                hello.shows = true;
                hello.shorter = true;
                hello.accepted &= client.accepts(new String(arguments.get(at + 1), UTF_8), arguments.get(at + 2));
                at += 3;
            } else if (word.equalsIgnoreCase("SETNAME") && more >= 1) {
                hello.kept.add(option);
                hello.kept.add(arguments.get(at + 1));
                at += 2;
            } else {
                // A server refuses it here; what follows is not understood, and so it is not sent.
                hello.kept.add(option);
                hello.shorter |= more > 0;
                break;
            }
        }
        return hello;
    }

    /** Whether it shows credentials. */
    boolean showsCredentials() {
        return shows;
    }

    /** Whether all credentials it shows are accepted. */
    boolean isAccepted() {
        return accepted;
    }

    /** The command without credentials, or {@code null} if it has none and can go on as it is. */
    @Nullable ByteBuf withoutCredentials(ByteBufAllocator allocator) {
        if (!shorter) {
            return null;
        }
        ByteBuf command = allocator.buffer();
        command.writeCharSequence("*" + (kept.size() + 1) + "\r\n", US_ASCII);
        write(command, NAME);
        kept.forEach(argument -> write(command, argument));
        return command;
    }

    private static void write(ByteBuf command, byte[] argument) {
        command.writeCharSequence("$" + argument.length + "\r\n", US_ASCII);
        command.writeBytes(argument);
        command.writeCharSequence("\r\n", US_ASCII);
    }

    /** C servers may take a NUL for the end of an option. */
    private static String word(byte[] option) throws BadRequestException {
        for (byte b : option) {
            if (b == 0) {
                throw new BadRequestException("ERR Protocol error: NUL in an option of HELLO");
            }
        }
        return new String(option, US_ASCII);
    }
}
