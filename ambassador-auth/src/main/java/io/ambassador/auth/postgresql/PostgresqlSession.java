package io.ambassador.auth.postgresql;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/** A client connection: its startup or cancel request, the login made for it, and what it is told. */
final class PostgresqlSession implements Session {
    private final @Nullable Client client;
    private final StartupPolicy startups;
    private final LoginMeans means;
    private final CancelKeys cancelKeys;
    private @Nullable Opening opening;
    private @Nullable Admission admission;
    private byte @Nullable [] declined;
    private boolean serverFull;
    private @Nullable BackendKey given;

    PostgresqlSession(Client client, StartupPolicy startups, LoginMeans means, CancelKeys cancelKeys) {
        this.client = client;
        this.startups = startups;
        this.means = means;
        this.cancelKeys = cancelKeys;
    }

    /** A session without a client. */
    PostgresqlSession(Startup startup, StartupPolicy startups, LoginMeans means, CancelKeys cancelKeys) {
        this.client = null;
        this.opening = new Opening.Admitted(startup);
        this.startups = startups;
        this.means = means;
        this.cancelKeys = cancelKeys;
    }

    @Override
    public @Nullable Handshake<Void> greeting(Promise<Void> greeted) {
        return client == null
                ? null
                : new ClientGreeting(greeted, client, startups, cancelKeys, found -> opening = found);
    }

    @Override
    public @Nullable Endpoint target() {
        CancelKeys.Target target = toCancel();
        return target == null ? null : target.endpoint();
    }

    @Override
    public @Nullable Object warmKey() {
        return opening instanceof Opening.Admitted admitted ? admitted.startup() : null;
    }

    @Override
    public @Nullable Handshake<Void> login(Promise<Void> ready, Login login) {
        CancelKeys.Target target = toCancel();
        if (target != null) {
            return new FirstPacket(ready, login, target.key()::cancelRequest);
        }
        if (opening instanceof Opening.Untouched untouched) {
            return new FirstPacket(ready, login, untouched::encode);
        }
        if (opening instanceof Opening.Admitted admitted) {
            return new ClientLogin(
                    ready, login, means, admitted.startup(), this::admitted, this::declined, this::unavailable);
        }
        throw new IllegalStateException("The client has not been greeted.");
    }

    @Override
    public void adopt(Session warm) {
        admission = ((PostgresqlSession) warm).admission;
    }

    /** The client hears what a login of its own would have told it, but for the key: that one is ours. */
    @Override
    public void ready(Channel channel, Channel backend) {
        if (opening instanceof Opening.Cancel) {
            channel.pipeline().addBefore("relay", "trailing-bytes", new TrailingBytes());
        }
        Admission admitted = admission;
        if (admitted == null) {
            return;
        }
        CancelKeys.Target target = admitted.cancelTarget();
        given = target == null ? null : cancelKeys.mint(target);
        channel.writeAndFlush(admitted.encode(channel.alloc(), given));
    }

    @Override
    public ByteBuf refusal(Refusal refusal, ByteBufAllocator allocator) {
        if (opening instanceof Opening.Cancel) {
            return allocator.buffer(0, 0); // a cancel request is never answered
        }
        if (opening instanceof Opening.Refused refused) {
            ErrorResponse error = refused.error();
            return new ErrorResponse(error.sqlState(), error.message() + id(refusal)).encode(allocator);
        }
        byte[] verbatim = declined;
        if (refusal.kind() == Refusal.Kind.DECLINED && verbatim != null) {
            return allocator.buffer(verbatim.length).writeBytes(verbatim);
        }
        if (refusal.kind() == Refusal.Kind.LOGIN_FAILED && serverFull) {
            String message = "the backend has too many connections" + id(refusal);
            return new ErrorResponse(ErrorResponse.TOO_MANY_CONNECTIONS, message).encode(allocator);
        }
        String sqlState = switch (refusal.kind()) {
            case NO_ENDPOINT, CONNECT_FAILED, TLS_FAILED -> ErrorResponse.CANNOT_CONNECT;
            case LOGIN_REFUSED, DECLINED -> ErrorResponse.CONNECTION_REJECTED;
            case LIMIT -> ErrorResponse.TOO_MANY_CONNECTIONS;
            case LOGIN_FAILED, SECRET_UNAVAILABLE, DRAINING -> ErrorResponse.CANNOT_CONNECT_NOW;
        };
        return new ErrorResponse(sqlState, refusal.message() + id(refusal)).encode(allocator);
    }

    @Override
    public void ended() {
        BackendKey key = given;
        if (key != null) {
            cancelKeys.forget(key);
        }
    }

    private CancelKeys.@Nullable Target toCancel() {
        return opening instanceof Opening.Cancel cancel ? cancel.target() : null;
    }

    private void admitted(Admission admitted) {
        admission = admitted;
    }

    private void unavailable(String sqlState) {
        serverFull = sqlState.equals(ErrorResponse.TOO_MANY_CONNECTIONS);
    }

    private void declined(byte[] error) {
        declined = error;
    }

    private static String id(Refusal refusal) {
        return " (id " + refusal.correlationId() + ")";
    }

    /** Drops what follows a cancel request. */
    private static final class TrailingBytes extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ReferenceCountUtil.release(message);
        }
    }
}
