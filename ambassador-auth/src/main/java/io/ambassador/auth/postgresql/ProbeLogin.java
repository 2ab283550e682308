package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.Map;

/** Logs in, finds out the server's role, and takes its leave. */
final class ProbeLogin extends BackendLogin<ProbeResult> {
    private static final byte[] QUESTION = "SHOW transaction_read_only\0".getBytes(US_ASCII);
    private static final int COLUMN = 2 + 4;

    private ProbeResult result = ProbeResult.healthy(ServerRole.UNKNOWN, "up; does not tell its role");

    ProbeLogin(Promise<ProbeResult> outcome, Login login, LoginMeans means, String database) {
        super(outcome, login, means, startup(database));
    }

    /** The user is there for logins that name none. */
    private static Startup startup(String database) {
        return new Startup(
                Startup.VERSION_3_0,
                Map.of(
                        Startup.USER,
                        "postgres",
                        Startup.DATABASE,
                        StartupPolicy.wire(database),
                        "application_name",
                        "ambassador"));
    }

    @Override
    void loggedIn(ChannelHandlerContext ctx, Admission welcome, ServerRole role) {
        if (role == ServerRole.UNKNOWN) {
            ctx.writeAndFlush(ctx.alloc()
                    .buffer(5 + QUESTION.length)
                    .writeByte('Q')
                    .writeInt(4 + QUESTION.length)
                    .writeBytes(QUESTION));
        } else {
            result = found(role);
            leave(ctx);
        }
    }

    @Override
    void answered(ChannelHandlerContext ctx, Message message) throws LoginException {
        switch (message.type()) {
            case 'D' -> {
                byte[] body = message.body();
                String value = body.length < COLUMN ? "" : new String(body, COLUMN, body.length - COLUMN, US_ASCII);
                switch (value) {
                    case "off" -> result = found(ServerRole.PRIMARY);
                    case "on" -> result = found(ServerRole.REPLICA);
                    default -> {} // it stays unknown
                }
            }
            case 'T', 'C', 'N', 'S', 'E' -> {}
            case 'Z' -> leave(ctx);
            default -> throw unexpected(message);
        }
    }

    /** A database that is missing says nothing about the server's health. */
    @Override
    void declined(ChannelHandlerContext ctx, Message error, LoginException reason) {
        succeed(
                ctx,
                ProbeResult.healthy(ServerRole.UNKNOWN, "up; declines the probe's session (" + error.sqlState() + ")"));
    }

    private static ProbeResult found(ServerRole role) {
        return ProbeResult.healthy(role, role == ServerRole.PRIMARY ? "primary" : "replica, or read-only");
    }

    private void leave(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(ctx.alloc().buffer(5).writeByte('X').writeInt(4));
        succeed(ctx, result);
    }
}
