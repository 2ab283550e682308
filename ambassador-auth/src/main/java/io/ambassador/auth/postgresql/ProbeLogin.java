package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/** Logs in and learns the server's role: from its greeting, or from servers before PostgreSQL 14 by asking. */
final class ProbeLogin extends ServerHandshake<ProbeResult> {
    private static final String IN_RECOVERY = "SELECT pg_catalog.pg_is_in_recovery()";

    private final LoginExchange exchange;
    private boolean asked;
    private @Nullable ServerRole answered;

    ProbeLogin(Promise<ProbeResult> result, LoginExchange exchange, Login login) {
        super(result, login);
        this.exchange = exchange;
    }

    @Override
    void connected(ChannelHandlerContext ctx) {
        exchange.start(ctx);
    }

    @Override
    void read(ChannelHandlerContext ctx, ByteBuf in) throws LoginException {
        if (asked) {
            answer(ctx, in);
        } else if (exchange.read(ctx, in, cause -> fail(ctx, cause))) {
            if (exchange.role() == ServerRole.UNKNOWN) {
                asked = true;
                ctx.writeAndFlush(Messages.message(
                        ctx.alloc(),
                        'Q',
                        body -> body.writeBytes(IN_RECOVERY.getBytes(ISO_8859_1))
                                .writeByte(0)));
            } else {
                leave(ctx, exchange.role());
            }
        }
    }

    private void answer(ChannelHandlerContext ctx, ByteBuf in) throws LoginException {
        ServerMessage message = ServerMessage.next(in);
        if (message == null) {
            return;
        }
        switch (message.type()) {
            case 'D' -> answered = row(message.body());
            case 'Z' -> leave(ctx, answered == null ? ServerRole.UNKNOWN : answered);
            default -> {} // the row's description, its end, an error: no role
        }
    }

    /** A row of one column, {@code t} or {@code f}. */
    private static @Nullable ServerRole row(ByteBuf body) {
        if (body.readableBytes() != 7) {
            return null;
        }
        return switch (body.getByte(body.readerIndex() + 6)) {
            case 't' -> ServerRole.REPLICA;
            case 'f' -> ServerRole.PRIMARY;
            default -> null;
        };
    }

    private void leave(ChannelHandlerContext ctx, ServerRole role) {
        ctx.writeAndFlush(Messages.message(ctx.alloc(), 'X', body -> {}));
        String detail = switch (role) {
            case PRIMARY -> "primary";
            case REPLICA -> "replica";
            case UNKNOWN -> "up; its role is unknown";
        };
        succeed(ctx, ProbeResult.healthy(role, detail));
    }
}
