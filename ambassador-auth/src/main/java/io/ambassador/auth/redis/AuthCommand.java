package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.secret.Secret;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Writes {@code AUTH password} or {@code AUTH user password}, and wipes every copy it made. */
final class AuthCommand {
    private static final byte[] NAME = "AUTH".getBytes(US_ASCII);

    private AuthCommand() {}

    /** @throws LoginException if the connection would reveal the password */
    static void write(ChannelHandlerContext ctx, Login login) throws LoginException {
        if (!login.confidential()) {
            throw new LoginException(
                    LoginException.Kind.PROTOCOL,
                    "AUTH would send the password readable over the network. Enable tls, or allow it with"
                            + " credentials.insecure = true.");
        }
        ByteBuf command;
        try (Secret secret = login.secret()) {
            byte[] password = secret.reveal();
            try {
                command = encode(ctx.alloc(), login.username(), password);
            } finally {
                Arrays.fill(password, (byte) 0);
            }
        }
        command.retain(); // outlives the write, to be wiped after it
        ctx.writeAndFlush(command).addListener(written -> {
            command.setZero(0, command.capacity());
            command.release();
        });
    }

    /** Direct, since a transport copies heap buffers, and of the exact size, since growing leaves a copy. */
    private static ByteBuf encode(ByteBufAllocator allocator, @Nullable String username, byte[] password) {
        byte[] user = username == null ? null : username.getBytes(UTF_8);
        byte[] head = ("*" + (user == null ? 2 : 3) + "\r\n").getBytes(US_ASCII);
        int size = head.length + bulkSize(NAME) + (user == null ? 0 : bulkSize(user)) + bulkSize(password);
        ByteBuf command = allocator.directBuffer(size, size);
        command.writeBytes(head);
        writeBulk(command, NAME);
        if (user != null) {
            writeBulk(command, user);
        }
        writeBulk(command, password);
        return command;
    }

    private static void writeBulk(ByteBuf command, byte[] text) {
        command.writeBytes(bulkHead(text)).writeBytes(text).writeByte('\r').writeByte('\n');
    }

    private static int bulkSize(byte[] text) {
        return bulkHead(text).length + text.length + 2;
    }

    private static byte[] bulkHead(byte[] text) {
        return ("$" + text.length + "\r\n").getBytes(US_ASCII);
    }
}
