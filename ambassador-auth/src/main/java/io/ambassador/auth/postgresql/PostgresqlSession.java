package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Promise;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One client connection: a session to log in for, one that logs in by itself, or a request to cancel another's query. */
final class PostgresqlSession implements Session {
    private static final int CANCEL_REQUEST = 80_877_102;

    private final PostgresqlProtocol protocol;
    private final @Nullable Client client;
    private @Nullable StartupPacket startup;
    private CancelKeys.@Nullable Session cancelled;
    private @Nullable Welcome welcome;
    private CancelKeys.@Nullable Key key;
    private byte @Nullable [] serversError;
    private @Nullable String refusedWith;
    private @Nullable String refusedFor;
    private @Nullable Endpoint endpoint;

    /** @param client {@code null} for a session that is logged in beforehand */
    PostgresqlSession(PostgresqlProtocol protocol, @Nullable Client client) {
        this.protocol = protocol;
        this.client = client;
    }

    // What the client's opening finds out.

    void starts(StartupPacket packet) {
        startup = packet;
    }

    /** Whether {@code clientKey} is one of a session that is open. */
    boolean cancels(CancelKeys.Key clientKey) {
        cancelled = protocol.cancelKeys().find(clientKey);
        return cancelled != null;
    }

    /** As the client said it; {@code null} before. */
    @Nullable String clientUser() {
        StartupPacket packet = startup;
        return packet == null
                ? null
                : new String(packet.parameters().getOrDefault("user", "").getBytes(ISO_8859_1), UTF_8);
    }

    /** What the client is to be told instead of the usual, and the failure to end with. */
    LoginException refused(String sqlState, String message) {
        refusedWith = sqlState;
        refusedFor = message;
        return new LoginException(LoginException.Kind.PROTOCOL, message);
    }

    // What the login finds out.

    void loggedIn(LoginExchange exchange, Endpoint at) {
        CancelKeys.Key servers = exchange.key();
        key = servers == null ? null : protocol.cancelKeys().mint(new CancelKeys.Session(at, servers));
        welcome = exchange.welcome(key);
    }

    /** @param error a whole message for the client, if there is one */
    void serverSaid(byte @Nullable [] error) {
        serversError = error;
    }

    @Override
    public @Nullable Handshake<Void> greeting(Promise<Void> greeted) {
        return client == null ? null : new ClientGreeting(greeted, this, client);
    }

    @Override
    public @Nullable Endpoint target() {
        return cancelled == null ? null : cancelled.endpoint();
    }

    @Override
    public @Nullable Object warmKey() {
        StartupPacket packet = startup;
        return packet == null || client == null || !client.isLoggedInFor() ? null : protocol.warmKey(packet);
    }

    @Override
    public Handshake<Void> login(Promise<Void> ready, Login login) {
        CancelKeys.Session other = cancelled;
        if (other != null) {
            return new ServerWords(ready, login, ctx -> cancelRequest(ctx, other.key()));
        }
        StartupPacket packet = startup;
        if (packet == null) {
            throw new IllegalStateException("logged in before the client's opening");
        }
        endpoint = login.endpoint();
        if (!login.hasSecret()) {
            return new ServerWords(ready, login, ctx -> packet.encode(ctx.alloc()));
        }
        return new ServerLogin(ready, this, protocol.exchange(packet, login), login);
    }

    private static ByteBuf cancelRequest(ChannelHandlerContext ctx, CancelKeys.Key servers) {
        int length = 3 * Integer.BYTES + servers.secret().length;
        return ctx.alloc()
                .buffer(length)
                .writeInt(length)
                .writeInt(CANCEL_REQUEST)
                .writeInt(servers.pid())
                .writeBytes(servers.secret());
    }

    @Override
    public void adopt(Session warm) {
        PostgresqlSession other = (PostgresqlSession) warm;
        welcome = other.welcome;
        key = other.key;
        other.key = null;
    }

    @Override
    public void ready(Channel clientChannel, Channel backend) {
        StartupPacket packet = startup;
        Welcome words = welcome;
        if (words != null && packet != null) {
            List<String> left = protocol.policy().left(packet);
            clientChannel.writeAndFlush(words.encode(clientChannel.alloc(), left));
            welcome = null;
        } else if (cancelled != null) {
            clientChannel.pipeline().addBefore("relay", "after-cancel", new Dropping());
        } else if (endpoint != null) {
            backend.pipeline()
                    .addLast(
                            "key-exchange",
                            new KeyExchange(
                                    endpoint,
                                    session -> key = protocol.cancelKeys().mint(session)));
        }
    }

    @Override
    public ByteBuf refusal(Refusal refusal, ByteBufAllocator allocator) {
        if (cancelled != null) {
            return Unpooled.EMPTY_BUFFER; // no cancel request is ever answered
        }
        if (refusal.kind() == Refusal.Kind.DECLINED && serversError != null) {
            return allocator.buffer(serversError.length).writeBytes(serversError);
        }
        String state = refusedWith != null ? refusedWith : sqlState(refusal.kind());
        String why = refusedFor != null ? refusedFor : refusal.message();
        return Messages.error(allocator, state, "ambassador: " + why + " (id " + refusal.correlationId() + ")");
    }

    private static String sqlState(Refusal.Kind kind) {
        return switch (kind) {
            case NO_ENDPOINT, CONNECT_FAILED, TLS_FAILED -> "08001";
            case LOGIN_REFUSED, DECLINED -> "08004";
            case LOGIN_FAILED, SECRET_UNAVAILABLE, DRAINING -> "57P03";
            case LIMIT -> "53300";
        };
    }

    @Override
    public void ended() {
        CancelKeys.Key own = key;
        if (own != null) {
            protocol.cancelKeys().forget(own);
            key = null;
        }
    }

    /** What comes after a cancel request is nobody's. */
    private static final class Dropping extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ReferenceCountUtil.release(message);
        }
    }
}
