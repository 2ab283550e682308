package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.PeerText;
import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.Violation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.PendingWriteQueue;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at what a client sends to a backend that it is logged in at: its own {@code AUTH} and {@code HELLO … AUTH} are
 * judged here and never reach the server. In the backend's pipeline, where the client's bytes are written.
 *
 * <p>Without {@code guard} it leaves at the first command that is none of a connection's opening. With it, it stays,
 * and a client that says {@code RESET} is logged in again. Payloads pass as they are, in slices.
 *
 * <p>What the server sends is not read: a command that must not reach it is replaced by one with the right answer, so
 * that answers keep their order. Only a client that nothing was passed on for yet is answered here.
 */
final class CommandFilter extends ChannelDuplexHandler {
    private static final Logger LOG = LoggerFactory.getLogger(CommandFilter.class);
    private static final LogLimiter LIMITER = new LogLimiter();

    private static final String WRONG_PASSWORD = "-WRONGPASS invalid username-password pair or user is disabled.";
    private static final String HELLO_FIRST =
            "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user>"
                    + " <pass> option can be used to authenticate the client and select the RESP protocol version at"
                    + " the same time";
    /** There is no user without a name; the answer is the server's own to a wrong password. */
    private static final byte[] AUTH_NOBODY = ascii("*3\r\n$4\r\nAUTH\r\n$0\r\n\r\n$0\r\n\r\n");

    private static final byte[] AUTH_ALONE = ascii("*1\r\n$4\r\nAUTH\r\n");
    private static final byte[] CLIENT_UNKNOWN = ascii("*2\r\n$6\r\nCLIENT\r\n$27\r\nMAINT_NOTIFICATIONS_REFUSED\r\n");

    private final Client client;
    private final Channel clientChannel;
    private final Login login;
    private final boolean guard;
    private final CommandParser parser = new CommandParser();
    private final PartialCommand held = new PartialCommand();
    /** Whether the client is served: it has shown credentials that were accepted, or needs none. */
    private boolean served;
    /** Whether the server has been sent a command of this client's. */
    private boolean forwarded;
    /** Whether what is left of the command under way is dropped. */
    private boolean dropping;

    private boolean closed;
    /** Where what is to be passed on begins in the bytes that are being filtered. */
    private int from;
    /** What the client sends while it is logged in again; its size counts as unwritten, so that reading stops. */
    private @Nullable PendingWriteQueue waiting;

    CommandFilter(Client client, Channel clientChannel, Login login, boolean guard) {
        this.client = client;
        this.clientChannel = clientChannel;
        this.login = login;
        this.guard = guard;
        serve(!client.mustShowCredentials());
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (closed) {
            ReferenceCountUtil.release(message);
            promise.trySuccess();
        } else if (waiting != null) {
            waiting.add(message, promise);
        } else if (message instanceof ByteBuf bytes && bytes.isReadable()) {
            filter(ctx, held.prepend(ctx.alloc(), bytes), promise);
        } else {
            ctx.write(message, promise);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        held.release();
        if (waiting != null) {
            waiting.removeAndFailAll(new ClosedChannelException());
        }
    }

    private void filter(ChannelHandlerContext ctx, ByteBuf bytes, ChannelPromise promise) {
        from = bytes.readerIndex();
        int start = from;
        try {
            while (waiting == null) {
                boolean between = parser.skip(bytes);
                if (dropping) {
                    from = bytes.readerIndex();
                    dropping = !between;
                }
                start = bytes.readerIndex();
                Command command = between ? parser.next(bytes) : null;
                if (command == null) {
                    break;
                }
                if (!served) {
                    stranger(ctx, bytes, start, command);
                } else if (!guard && (command == Command.OTHER || command == Command.RESET)) {
                    ctx.write(bytes.readerIndex(from), promise);
                    ctx.pipeline().remove(this);
                    return;
                } else {
                    client(ctx, bytes, start, command);
                }
            }
        } catch (BadRequestException e) {
            if (from < start) {
                ctx.write(bytes.retainedSlice(from, start - from), ctx.voidPromise());
            }
            // What it is told may come amid answers that are under way.
            close(ctx, e.violation(), forwarded ? "" : String.valueOf(e.getMessage()));
        }
        finish(ctx, bytes, promise);
    }

    /** What was gone over is passed on; what begins a command that has to be seen first is kept. */
    private void finish(ChannelHandlerContext ctx, ByteBuf bytes, ChannelPromise promise) {
        int to = bytes.readerIndex();
        if (!closed && bytes.isReadable()) {
            if (waiting == null) {
                held.keep(ctx.alloc(), bytes, from == to);
            } else {
                waiting.add(bytes.retainedSlice(), ctx.newPromise());
            }
        }
        if (!closed && from < to) {
            ctx.write(bytes.setIndex(from, to), promise);
        } else {
            bytes.release();
            promise.trySuccess();
        }
    }

    /** Passes on what comes before the command at {@code start}, but not that. */
    private void cut(ChannelHandlerContext ctx, ByteBuf bytes, int start) {
        if (from < start) {
            ctx.write(bytes.retainedSlice(from, start - from), ctx.voidPromise());
        }
        from = bytes.readerIndex();
        bytes.setZero(start, from - start);
    }

    /** A client that must log in before anything else. */
    private void stranger(ChannelHandlerContext ctx, ByteBuf bytes, int start, Command command)
            throws BadRequestException {
        switch (command) {
            case AUTH, HELLO, HTTP -> client(ctx, bytes, start, command);
            case NONE -> cut(ctx, bytes, start);
            default -> {
                cut(ctx, bytes, start);
                dropping = true;
                answer(ctx, "-NOAUTH Authentication required.");
            }
        }
    }

    private void client(ChannelHandlerContext ctx, ByteBuf bytes, int start, Command command)
            throws BadRequestException {
        switch (command) {
            case AUTH -> {
                cut(ctx, bytes, start);
                auth(ctx);
            }
            case HELLO -> hello(ctx, bytes, start);
            case RESET -> {
                cut(ctx, bytes, start);
                reset(ctx);
            }
            case CLIENT_MAINT_NOTIFICATIONS -> {
                cut(ctx, bytes, start);
                dropping = true;
                send(ctx, Unpooled.wrappedBuffer(CLIENT_UNKNOWN));
            }
            case HTTP -> throw BadRequestException.silent(new Violation(true, "it speaks HTTP"));
            case OPENING, OTHER -> forwarded = true;
            case NONE -> {}
        }
    }

    private void auth(ChannelHandlerContext ctx) throws BadRequestException {
        List<byte[]> shown = parser.arguments();
        try {
            if (shown.isEmpty() || shown.size() > 2) {
                if (forwarded) {
                    send(ctx, Unpooled.wrappedBuffer(AUTH_ALONE));
                } else {
                    answer(ctx, "-ERR wrong number of arguments for 'auth' command");
                }
                return;
            }
            String username = shown.size() == 1 ? null : new String(shown.get(0), UTF_8);
            judged(ctx, client.accepts(username, shown.get(shown.size() - 1)));
        } finally {
            parser.wipe();
        }
    }

    private void judged(ChannelHandlerContext ctx, boolean accepted) throws BadRequestException {
        if (!forwarded) {
            if (accepted) {
                serve(true);
            }
            answer(ctx, accepted ? "+OK" : WRONG_PASSWORD);
        } else if (accepted) {
            authAsTheService(ctx);
        } else {
            send(ctx, Unpooled.wrappedBuffer(AUTH_NOBODY));
        }
    }

    /** Changes nothing but that an answer comes in its turn. */
    private void authAsTheService(ChannelHandlerContext ctx) throws BadRequestException {
        try {
            AuthCommand.write(ctx, login);
        } catch (LoginException | IllegalStateException e) {
            String what = "a client's AUTH was accepted, but there is no secret to answer it with";
            warn(what, e);
            throw BadRequestException.silent(new Violation(false, what));
        }
    }

    private void hello(ChannelHandlerContext ctx, ByteBuf bytes, int start) throws BadRequestException {
        try {
            Hello hello = Hello.of(parser.arguments(), client);
            if (!hello.isAccepted()) {
                cut(ctx, bytes, start);
                judged(ctx, false);
            } else if (!served && !hello.showsCredentials()) {
                cut(ctx, bytes, start);
                answer(ctx, HELLO_FIRST);
            } else {
                serve(true);
                forwarded = true;
                ByteBuf without = hello.withoutCredentials(ctx.alloc());
                if (without != null) {
                    cut(ctx, bytes, start);
                    send(ctx, without);
                }
            }
        } finally {
            parser.wipe();
        }
    }

    private void serve(boolean now) {
        served = now;
        parser.stranger(!now);
    }

    private void reset(ChannelHandlerContext ctx) {
        parser.wipe();
        waiting = new PendingWriteQueue(ctx);
        ResetHandler.resetAndLogIn(ctx, login).addListener(done -> {
            if (done.isSuccess()) {
                resume(ctx);
            } else if (ctx.channel().isActive() && !closed) {
                String what = "a client said RESET, and could not be logged in again";
                warn(what, done.cause());
                close(ctx, new Violation(false, what), "ERR ambassador: the login after RESET failed");
            }
        });
    }

    /** Goes on as on a new connection: all answers have been given. */
    private void resume(ChannelHandlerContext ctx) {
        forwarded = false;
        serve(!client.mustShowCredentials());
        PendingWriteQueue queue = waiting;
        waiting = null;
        while (queue != null && !queue.isEmpty()) {
            Object message = ReferenceCountUtil.retain(queue.current());
            write(ctx, message, queue.remove());
        }
        ctx.flush();
    }

    private void send(ChannelHandlerContext ctx, ByteBuf command) {
        forwarded = true;
        ctx.write(command, ctx.voidPromise());
    }

    /** As if the server had said it. */
    private void answer(ChannelHandlerContext ctx, String line) throws BadRequestException {
        if (!clientChannel.isWritable()) {
            // Its answers must not pile up.
            throw BadRequestException.silent(new Violation(true, "it does not read its answers"));
        }
        say(ctx, line);
    }

    private static void say(ChannelHandlerContext ctx, String line) {
        ctx.fireChannelRead(Unpooled.copiedBuffer(line + "\r\n", US_ASCII));
        ctx.fireChannelReadComplete();
    }

    /** @param error for the client; empty for none */
    private void close(ChannelHandlerContext ctx, Violation violation, String error) {
        closed = true;
        parser.wipe();
        if (!error.isEmpty()) {
            say(ctx, "-" + error);
        }
        ctx.flush();
        ctx.fireUserEventTriggered(violation);
        ctx.close();
    }

    private void warn(String what, Throwable why) {
        LIMITER.log(
                what,
                leftOut -> LOG.warn(
                        "[{}] {}: {}{}",
                        login.endpoint().address(),
                        what,
                        PeerText.escape(String.valueOf(why.getMessage())),
                        LogLimiter.more(leftOut)));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }
}
