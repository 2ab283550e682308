package io.ambassador.auth.postgresql;

import static io.ambassador.spi.protocol.LoginException.Kind.DECLINED;
import static io.ambassador.spi.protocol.LoginException.Kind.PROTOCOL;
import static io.ambassador.spi.protocol.LoginException.Kind.REFUSED;
import static io.ambassador.spi.protocol.LoginException.Kind.UNAVAILABLE;

import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ServerRole;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Logs in at a server and gathers what it says until it is ready for queries.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP">Start-up</a>
 */
abstract class BackendLogin<T> extends TlsFirst<T> {
    private enum Phase {
        AUTHENTICATING,
        GATHERING,
        READY
    }

    private final Login login;
    private final Startup startup;
    private final Authentication authentication;
    private final Admission admission;
    private final MessageReader messages = new MessageReader();
    private Phase phase = Phase.AUTHENTICATING;
    private @Nullable String inHotStandby;
    private @Nullable String readOnlyByDefault;

    /** @param startup as the server gets it, but for the user that {@code login} may name */
    BackendLogin(Promise<T> outcome, Login login, LoginMeans means, Startup startup) {
        super(outcome, login);
        this.login = login;
        String username = login.username();
        this.startup = username == null ? startup : startup.as(StartupPolicy.wire(username));
        this.authentication = new Authentication(login, means, this.startup.user());
        this.admission = new Admission(login.endpoint());
    }

    /** The server is ready for queries. */
    abstract void loggedIn(ChannelHandlerContext ctx, Admission welcome, ServerRole role);

    /**
     * The server let us in, but not to what the startup asks for.
     *
     * @param error as the server put it
     */
    abstract void declined(ChannelHandlerContext ctx, Message error, LoginException reason) throws LoginException;

    /** The server cannot serve now: another may, or else the client is to know why. */
    void unavailable(String sqlState) {}

    /** A message after {@link #loggedIn}. */
    void answered(ChannelHandlerContext ctx, Message message) throws LoginException {
        throw unexpected(message);
    }

    @Override
    final void open(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(startup.encode(ctx.alloc()));
    }

    @Override
    final void receive(ChannelHandlerContext ctx, ByteBuf in) throws LoginException {
        if (authentication.isBusy()) {
            if (in.readableBytes() > MessageReader.MAX_BYTES) {
                throw MessageReader.broken("goes on talking while it waits for an answer.");
            }
            return;
        }
        Message message = messages.next(in);
        if (message == null) {
            return;
        }
        switch (phase) {
            case AUTHENTICATING -> authenticate(ctx, message);
            case GATHERING -> gather(ctx, message);
            case READY -> answered(ctx, message);
        }
    }

    private void authenticate(ChannelHandlerContext ctx, Message message) throws LoginException {
        switch (message.type()) {
            case 'R' -> {
                if (authentication.isOver(ctx, message, failure -> fail(ctx, failure))) {
                    phase = Phase.GATHERING;
                }
            }
            case 'v' -> admission.version(message);
            case 'N' -> {} // from a server that does not know us yet: not for the client
            case 'E' -> throw refusal(message.sqlState());
            default -> throw unexpected(message);
        }
    }

    private void gather(ChannelHandlerContext ctx, Message message) throws LoginException {
        switch (message.type()) {
            case 'S' -> {
                note(message);
                admission.told(message);
            }
            case 'N' -> admission.told(message);
            case 'v' -> admission.version(message);
            case 'K' -> admission.key(key(message));
            case 'Z' -> ready(ctx, message);
            case 'E' -> refusedAfterLogin(ctx, message);
            default -> throw unexpected(message);
        }
    }

    private void note(Message status) throws LoginException {
        String name = status.text(0);
        String value = name == null ? null : status.text(name.length() + 1);
        if (name == null || value == null) {
            throw MessageReader.broken("sent a parameter without a value.");
        }
        switch (name) {
            case "in_hot_standby" -> inHotStandby = value;
            case "default_transaction_read_only" -> readOnlyByDefault = value;
            default -> {}
        }
    }

    private static BackendKey key(Message message) throws LoginException {
        byte[] body = message.body();
        int secret = body.length - 4;
        if (secret < BackendKey.MIN_SECRET || secret > BackendKey.MAX_SECRET) {
            throw MessageReader.broken("sent a cancel key of " + secret + " bytes.");
        }
        return new BackendKey(message.code(), Arrays.copyOfRange(body, 4, body.length));
    }

    private void ready(ChannelHandlerContext ctx, Message message) throws LoginException {
        if (message.body().length != 1) {
            throw unexpected(message);
        }
        phase = Phase.READY;
        admission.ready(message.body()[0]);
        ServerRole role = role();
        login.serverRole(role);
        loggedIn(ctx, admission, role);
    }

    /** Servers before version 14 do not say. */
    private ServerRole role() {
        if (inHotStandby == null) {
            return ServerRole.UNKNOWN;
        }
        boolean writable = inHotStandby.equals("off") && !"on".equals(readOnlyByDefault);
        return writable ? ServerRole.PRIMARY : ServerRole.REPLICA;
    }

    private void refusedAfterLogin(ChannelHandlerContext ctx, Message error) throws LoginException {
        String sqlState = error.sqlState();
        if (isUnavailable(sqlState) || sqlState.startsWith("28")) {
            throw refusal(sqlState);
        }
        declined(
                ctx,
                error,
                new LoginException(DECLINED, "The server let us in, but declined the session (" + sqlState + ")."));
    }

    private LoginException refusal(String sqlState) {
        if (sqlState.startsWith("28")) {
            return new LoginException(
                    REFUSED,
                    "The server refused the credentials (" + sqlState
                            + "): wrong password, or a user or host that it does not admit.");
        }
        if (isUnavailable(sqlState)) {
            unavailable(sqlState);
            return new LoginException(UNAVAILABLE, "The server cannot serve now (" + sqlState + ").");
        }
        return new LoginException(PROTOCOL, "The server answered the login with an error (" + sqlState + ").");
    }

    /** Too many connections, starting, stopping, or without means. */
    private static boolean isUnavailable(String sqlState) {
        return sqlState.startsWith("53") || sqlState.startsWith("57P");
    }

    static LoginException unexpected(Message message) {
        return MessageReader.broken("sent a message of type " + message.type() + " out of turn.");
    }
}
