package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/**
 * Sends {@code RESET} and passes on every answer up to that one, then leaves the pipeline. Where that answer ends is
 * told by the one to a command sent after it, whose random name no server knows: answers to earlier commands, some of
 * them written by scripts, could look like any other.
 */
final class ResetHandler extends Handshake<Void> {
    private static final SecureRandom RANDOM = new SecureRandom();
    /** More than any server says of an unknown command before its name. */
    private static final int MAX_BEFORE = 64;

    private static final int MAX_ANSWER = 1024;

    private final byte[] unknown;

    private ResetHandler(Promise<Void> done) {
        super(done);
        byte[] random = new byte[16];
        RANDOM.nextBytes(random);
        unknown = ("ambassador-" + HexFormat.of().formatHex(random)).getBytes(US_ASCII);
    }

    /**
     * Resets the session of the channel that {@code behind} belongs to, passes the answers on to that, and logs in.
     *
     * @return fails as a login does
     */
    static Future<Void> resetAndLogIn(ChannelHandlerContext behind, Login login) {
        Promise<Void> loggedIn = behind.executor().newPromise();
        Promise<Void> done = behind.executor().newPromise();
        done.addListener(reset -> {
            if (reset.isSuccess()) {
                RedisLoginHandler handler = new RedisLoginHandler(loggedIn, login);
                behind.pipeline().addBefore(behind.name(), "credential-handshake", handler);
            } else {
                loggedIn.setFailure(reset.cause());
            }
        });
        behind.pipeline().addBefore(behind.name(), "reset", new ResetHandler(done));
        return loggedIn;
    }

    @Override
    protected void begin(ChannelHandlerContext ctx) {
        ByteBuf commands = ctx.alloc().buffer();
        commands.writeCharSequence("*1\r\n$5\r\nRESET\r\n*1\r\n$" + unknown.length + "\r\n", US_ASCII);
        commands.writeBytes(unknown);
        commands.writeCharSequence("\r\n", US_ASCII);
        ctx.writeAndFlush(commands);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
        int found = find(in);
        if (found < 0) {
            passOn(in, in.readableBytes() - MAX_BEFORE - unknown.length, out);
            return;
        }
        int start = lineStart(in, found);
        if (in.getByte(start) != '-') {
            throw new LoginException(
                    LoginException.Kind.PROTOCOL, "The server did not refuse an unknown command after RESET.");
        }
        if (start > in.readerIndex()) {
            passOn(in, start - in.readerIndex(), out); // and then we are called again
            return;
        }
        int end = in.indexOf(start, in.writerIndex(), (byte) '\n');
        if (end >= 0) {
            in.readerIndex(end + 1);
            succeed(ctx, null);
        } else if (in.readableBytes() > MAX_ANSWER) {
            throw new LoginException(LoginException.Kind.PROTOCOL, "The server sent an endless line after RESET.");
        }
    }

    private static void passOn(ByteBuf in, int length, List<Object> out) {
        if (length > 0) {
            out.add(in.readRetainedSlice(length));
        }
    }

    /** Where the name of the unknown command is; -1 if it is not there yet. */
    private int find(ByteBuf in) {
        int last = in.writerIndex() - unknown.length;
        for (int at = in.readerIndex(); at <= last; at++) {
            at = in.indexOf(at, last + 1, unknown[0]);
            if (at < 0) {
                return -1;
            }
            if (isAt(in, at)) {
                return at;
            }
        }
        return -1;
    }

    private boolean isAt(ByteBuf in, int at) {
        for (int i = 0; i < unknown.length; i++) {
            if (in.getByte(at + i) != unknown[i]) {
                return false;
            }
        }
        return true;
    }

    private static int lineStart(ByteBuf in, int within) {
        int start = within;
        while (start > in.readerIndex() && in.getByte(start - 1) != '\n') {
            start--;
        }
        return start;
    }
}
