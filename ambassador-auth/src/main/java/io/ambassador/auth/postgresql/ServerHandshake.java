package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.List;

/** Asks a server for TLS where the service wants it, then goes on as the subclass says. */
abstract class ServerHandshake<T> extends Handshake<T> {
    private static final int SSL_REQUEST = 80_877_103;

    private enum Phase {
        TLS_ANSWER,
        TLS_HANDSHAKE,
        TALK
    }

    private final Login login;
    private Phase phase = Phase.TLS_ANSWER;

    ServerHandshake(Promise<T> outcome, Login login) {
        super(outcome);
        this.login = login;
    }

    /** Begins to talk; encrypted, if it is to be. */
    abstract void connected(ChannelHandlerContext ctx) throws LoginException;

    /** Reads what the server says after that. */
    abstract void read(ChannelHandlerContext ctx, ByteBuf in) throws LoginException;

    static void requestTls(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(ctx.alloc().buffer(8).writeInt(8).writeInt(SSL_REQUEST));
    }

    @Override
    protected final void begin(ChannelHandlerContext ctx) throws LoginException {
        if (login.tlsPending()) {
            requestTls(ctx);
        } else {
            talk(ctx);
        }
    }

    @Override
    protected final void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
        switch (phase) {
            case TLS_ANSWER -> tlsAnswered(ctx, in);
            case TLS_HANDSHAKE -> {}
            case TALK -> read(ctx, in);
        }
    }

    private void tlsAnswered(ChannelHandlerContext ctx, ByteBuf in) throws LoginException {
        byte answer = in.readByte();
        if (answer == 'N') {
            throw new LoginException(
                    LoginException.Kind.PROTOCOL,
                    "The server offers no TLS, which the service is configured for. Set ssl = on there.");
        }
        if (answer != 'S') {
            throw new LoginException(
                    LoginException.Kind.PROTOCOL, "The server answered the request for TLS with neither S nor N.");
        }
        if (in.isReadable()) {
            // Read later as if it had come within TLS: somebody on the way may have put it there.
            throw new LoginException(
                    LoginException.Kind.PROTOCOL, "The server went on before TLS began; somebody may be in between.");
        }
        phase = Phase.TLS_HANDSHAKE;
        login.startTls(ctx).addListener(started -> {
            if (ctx.isRemoved()) {
                return;
            }
            if (!started.isSuccess()) {
                fail(ctx, started.cause());
                return;
            }
            try {
                talk(ctx);
            } catch (LoginException | RuntimeException e) {
                fail(ctx, e);
            }
        });
    }

    private void talk(ChannelHandlerContext ctx) throws LoginException {
        phase = Phase.TALK;
        connected(ctx);
    }
}
