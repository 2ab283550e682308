package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.List;

/**
 * An exchange with a server that begins with asking for TLS, where the service wants it. There is no way back to plain
 * text, and nothing that came in plain text is taken for a part of what follows.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL">SSL Session Encryption</a>
 */
abstract class TlsFirst<T> extends Handshake<T> {
    static final int SSL_REQUEST = 80_877_103;

    private enum Phase {
        ASKED,
        STARTING,
        SETTLED
    }

    private final Login login;
    private Phase phase = Phase.SETTLED;

    TlsFirst(Promise<T> outcome, Login login) {
        super(outcome);
        this.login = login;
    }

    /** The connection is as it is to be: the first message may be written. */
    abstract void open(ChannelHandlerContext ctx) throws LoginException;

    /** Reads what follows; as {@code decode}. */
    abstract void receive(ChannelHandlerContext ctx, ByteBuf in) throws LoginException;

    static ByteBuf sslRequest(ChannelHandlerContext ctx) {
        return ctx.alloc().buffer(8).writeInt(8).writeInt(SSL_REQUEST);
    }

    @Override
    protected final void begin(ChannelHandlerContext ctx) throws LoginException {
        if (login.tlsPending()) {
            phase = Phase.ASKED;
            ctx.writeAndFlush(sslRequest(ctx));
        } else {
            open(ctx);
        }
    }

    @Override
    protected final void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
        if (!in.isReadable()) {
            return;
        }
        switch (phase) {
            case ASKED -> answered(ctx, in);
            case STARTING -> throw MessageReader.broken("sent bytes in plain text where TLS was to begin.");
            case SETTLED -> receive(ctx, in);
        }
    }

    private void answered(ChannelHandlerContext ctx, ByteBuf in) throws LoginException {
        byte answer = in.readByte();
        if (answer == 'E') {
            throw new LoginException(
                    LoginException.Kind.UNAVAILABLE, "The server answered the request for TLS with an error.");
        }
        if (answer == 'N') {
            throw MessageReader.broken("offers no TLS, which is configured.");
        }
        if (answer != 'S') {
            throw MessageReader.broken(
                    String.format("answered the request for TLS as no PostgreSQL does (0x%02x).", answer));
        }
        if (in.isReadable()) {
            throw MessageReader.broken("sent bytes in plain text where TLS was to begin.");
        }
        phase = Phase.STARTING;
        Future<Void> started = login.startTls(ctx);
        started.addListener(done -> {
            if (done.isSuccess()) {
                settled(ctx);
            } else {
                fail(ctx, done.cause());
            }
        });
    }

    private void settled(ChannelHandlerContext ctx) {
        phase = Phase.SETTLED;
        try {
            open(ctx);
        } catch (LoginException | RuntimeException e) {
            fail(ctx, e);
        }
    }
}
