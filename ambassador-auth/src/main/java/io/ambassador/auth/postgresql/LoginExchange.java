package io.ambassador.auth.postgresql;

import static io.ambassador.spi.protocol.LoginException.Kind.DECLINED;
import static io.ambassador.spi.protocol.LoginException.Kind.PROTOCOL;
import static io.ambassador.spi.protocol.LoginException.Kind.REFUSED;
import static io.ambassador.spi.protocol.LoginException.Kind.UNAVAILABLE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ServerRole;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Opens one session at a server, from the startup packet to {@code ReadyForQuery}, and keeps what the server says of
 * the session. Nothing of the login itself is kept.
 */
final class LoginExchange {
    private static final int MAX_GREETING = 64 * 1024;

    private final StartupPacket startup;
    private final Login login;
    private final Authentication authentication;
    private final ByteArrayOutputStream beforeKey = new ByteArrayOutputStream();
    private final ByteArrayOutputStream afterKey = new ByteArrayOutputStream();
    private final Map<String, String> parameters = new HashMap<>();
    private byte @Nullable [] negotiation;
    private byte @Nullable [] error;
    private CancelKeys.@Nullable Key key;
    private boolean letIn;

    LoginExchange(StartupPacket startup, PostgresqlConfig config, ScramKeyCache cache, Login login) {
        this.startup = startup;
        this.login = login;
        this.authentication =
                new Authentication(config, cache, login, startup.parameters().getOrDefault("user", ""));
    }

    void start(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(startup.encode(ctx.alloc()));
    }

    /**
     * Reads the next message, if it is there.
     *
     * @param failure hears what goes wrong after this has returned
     * @return whether the server is ready for queries
     */
    boolean read(ChannelHandlerContext ctx, ByteBuf in, Authentication.Failure failure) throws LoginException {
        if (authentication.isComputing()) {
            return false;
        }
        ServerMessage message = ServerMessage.next(in);
        if (message == null) {
            return false;
        }
        switch (message.type()) {
            case 'R' -> {
                if (letIn) {
                    throw broken("asks for a login after it has let us in");
                }
                letIn = authentication.answer(ctx, message.body(), failure);
            }
            case 'v' -> negotiation = bytes(message.whole());
            case 'E' -> throw error(message);
            case 'N' -> {
                if (letIn) {
                    keep(message);
                }
            }
            case 'S' -> {
                requireLetIn(message);
                parameter(message.body());
                keep(message);
            }
            case 'K' -> {
                requireLetIn(message);
                key = key(message.body());
            }
            case 'Z' -> {
                requireLetIn(message);
                keep(message);
                return true;
            }
            default -> throw broken("sent a message of type " + (int) message.type() + " in its greeting");
        }
        return false;
    }

    /** What the server wants the session to be cancelled with; {@code null} if it gave nothing. */
    CancelKeys.@Nullable Key key() {
        return key;
    }

    /** The server's own words to a client that it let in and then refused; {@code null} if there were none. */
    byte @Nullable [] error() {
        return error;
    }

    ServerRole role() {
        String standby = parameters.get("in_hot_standby");
        if (standby == null) { // before PostgreSQL 14
            return ServerRole.UNKNOWN;
        }
        return standby.equals("on") || "on".equals(parameters.get("default_transaction_read_only"))
                ? ServerRole.REPLICA
                : ServerRole.PRIMARY;
    }

    /** {@code AuthenticationOk} and what follows it up to {@code ReadyForQuery}, with {@code clientKey} in its place. */
    Welcome welcome(CancelKeys.@Nullable Key clientKey) {
        return new Welcome(negotiation, beforeKey.toByteArray(), clientKey, afterKey.toByteArray());
    }

    private void keep(ServerMessage message) throws LoginException {
        ByteArrayOutputStream to = key == null ? beforeKey : afterKey;
        to.writeBytes(bytes(message.whole()));
        if (beforeKey.size() + afterKey.size() > MAX_GREETING) {
            throw broken("sent more than " + MAX_GREETING + " bytes before it was ready");
        }
    }

    private void parameter(ByteBuf body) {
        String[] words = body.toString(ISO_8859_1).split("\0", -1);
        if (words.length >= 2 && words[0].length() < 64) {
            parameters.put(words[0], words[1]);
        }
    }

    private static CancelKeys.Key key(ByteBuf body) throws LoginException {
        int length = body.readableBytes() - Integer.BYTES;
        if (length < Integer.BYTES || length > 256) {
            throw broken("sent a cancel key of " + length + " bytes");
        }
        int pid = body.readInt();
        return new CancelKeys.Key(pid, bytes(body));
    }

    private void requireLetIn(ServerMessage message) throws LoginException {
        if (!letIn) {
            throw broken("sent a message of type " + message.type() + " before it had let us in");
        }
    }

    /** The server's text is left out of the log until it has let us in: before, it may say anything. */
    private LoginException error(ServerMessage message) {
        String state = ErrorFields.sqlState(message.body());
        LoginException.Kind kind = switch (state) {
            case "28P01", "28000" -> letIn ? DECLINED : REFUSED;
            case "53300", "53200", "53400", "57P01", "57P02", "57P03" -> UNAVAILABLE;
            default -> letIn ? DECLINED : PROTOCOL;
        };
        if (kind == DECLINED) {
            error = bytes(message.whole());
        }
        return new LoginException(kind, "The server " + what(state) + " (SQLSTATE " + state + ").");
    }

    private static String what(String state) {
        return switch (state) {
            case "28P01" -> "refused the credentials: wrong password, or an unknown user";
            case "28000" -> "refused the user: unknown, not allowed to log in, or with no fitting line in pg_hba.conf";
            case "3D000" -> "has no such database";
            case "42501" -> "does not permit the user to connect to this database";
            case "53300" -> "has too many connections";
            case "57P01", "57P02" -> "is shutting down";
            case "57P03" -> "is starting up, or not accepting connections yet";
            case "0A000" -> "does not support what the client asks for";
            default -> "ended the session before it was ready";
        };
    }

    private static byte[] bytes(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.getBytes(buffer.readerIndex(), bytes);
        return bytes;
    }

    private static LoginException broken(String how) {
        return new LoginException(PROTOCOL, "The server " + how + ".");
    }
}
