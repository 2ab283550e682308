package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Logs in where there are credentials, then asks {@code PING}, which a server that is loading or cut off from its
 * primary refuses, and {@code ROLE}, which it would answer.
 *
 * @see <a href="https://redis.io/docs/latest/commands/role/">ROLE</a>
 */
final class RedisProbeHandler extends Handshake<ProbeResult> {
    private static final byte[] QUESTIONS = "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nROLE\r\n".getBytes(US_ASCII);
    private static final int LINK_STATE = 3;

    private enum Phase {
        LOGIN,
        PING,
        ROLE
    }

    private final @Nullable Login login;
    private final ReplyScanner replies = new ReplyScanner();
    private Phase phase = Phase.LOGIN;

    RedisProbeHandler(Promise<ProbeResult> result, @Nullable Login login) {
        super(result);
        this.login = login;
    }

    @Override
    protected void begin(ChannelHandlerContext ctx) throws LoginException {
        if (login == null) {
            ask(ctx);
        } else {
            AuthCommand.write(ctx, login);
        }
    }

    private void ask(ChannelHandlerContext ctx) {
        phase = Phase.PING;
        ctx.writeAndFlush(ctx.alloc().buffer(QUESTIONS.length).writeBytes(QUESTIONS));
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
        Reply reply = replies.next(in);
        if (reply == null) {
            return;
        }
        switch (phase) {
            case LOGIN -> {
                AuthReply.require(reply);
                ask(ctx);
            }
            case PING -> {
                ProbeResult result = pinged(reply);
                if (result == null) {
                    phase = Phase.ROLE;
                } else {
                    succeed(ctx, result);
                }
            }
            case ROLE -> succeed(ctx, role(reply));
        }
    }

    /** The verdict if the answer to {@code PING} settles it, else {@code null}. */
    private @Nullable ProbeResult pinged(Reply reply) throws LoginException {
        if (reply.is("PONG")) {
            return null;
        }
        if (!reply.isError()) {
            throw new LoginException(
                    LoginException.Kind.PROTOCOL, "The server answered PING with neither PONG nor an error.");
        }
        return switch (reply.code()) {
            case "NOPERM" -> null; // it is up, and ROLE may be permitted
            case "NOAUTH" -> noAuthentication();
            default -> ProbeResult.unhealthy("answers PING with " + reply.code());
        };
    }

    private ProbeResult noAuthentication() {
        return login == null
                ? ProbeResult.healthy(ServerRole.UNKNOWN, "up; asks for a password, so its role is unknown")
                : ProbeResult.unhealthy("answers PING with NOAUTH after a login");
    }

    private static ProbeResult role(Reply reply) {
        if (reply.isError()) {
            return switch (reply.code()) {
                case "NOPERM", "ERR" -> ProbeResult.healthy(ServerRole.UNKNOWN, "up; ROLE answers " + reply.code());
                default -> ProbeResult.unhealthy("answers ROLE with " + reply.code());
            };
        }
        return switch (reply.text(0)) {
            case "master" -> ProbeResult.healthy(ServerRole.PRIMARY, "primary");
            case "slave" -> replica(reply.text(LINK_STATE));
            default -> ProbeResult.healthy(ServerRole.UNKNOWN, "up; neither primary nor replica");
        };
    }

    /** A replica without its primary serves data of unknown age. */
    private static ProbeResult replica(String link) {
        return switch (link) {
            case "connected" -> ProbeResult.healthy(ServerRole.REPLICA, "replica");
            case "connect", "connecting", "handshake", "sync" ->
                new ProbeResult(false, ServerRole.REPLICA, "replica whose link to its primary is \"" + link + "\"");
            default -> new ProbeResult(false, ServerRole.REPLICA, "replica without a link to its primary");
        };
    }
}
