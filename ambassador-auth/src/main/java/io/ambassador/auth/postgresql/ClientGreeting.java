package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a client opens with: requests for encryption, which are answered here, then a startup packet or a cancel
 * request; then the client's own password, where it has to show one.
 */
final class ClientGreeting extends Handshake<Void> {
    private static final int CANCEL = 80_877_102;
    private static final int SSL = 80_877_103;
    private static final int GSS_ENCRYPTION = 80_877_104;
    private static final int TLS_HANDSHAKE = 0x16;
    /** As PostgreSQL has it. */
    private static final int MAX_PACKET = 10_000;

    private static final int MAX_CANCEL_SECRET = 256;
    private static final int AUTHENTICATION_CLEARTEXT = 3;

    private enum Phase {
        OPENING,
        TLS,
        PASSWORD
    }

    private final PostgresqlSession session;
    private final Client client;
    private Phase phase = Phase.OPENING;
    private boolean encrypted;
    private boolean sslAnswered;
    private boolean gssAnswered;

    ClientGreeting(Promise<Void> greeted, PostgresqlSession session, Client client) {
        super(greeted);
        this.session = session;
        this.client = client;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
        switch (phase) {
            case OPENING -> opening(ctx, in);
            case TLS -> {}
            case PASSWORD -> password(ctx, in);
        }
    }

    private void opening(ChannelHandlerContext ctx, ByteBuf in) throws LoginException {
        if (!encrypted && !sslAnswered && in.getByte(in.readerIndex()) == TLS_HANDSHAKE) {
            if (!client.offersTls()) {
                throw broken("the client begins with TLS, which this service does not offer");
            }
            startTls(ctx, in.readRetainedSlice(in.readableBytes()));
            return;
        }
        if (in.readableBytes() < Integer.BYTES) {
            return;
        }
        int length = in.getInt(in.readerIndex());
        if (length < 2 * Integer.BYTES || length > MAX_PACKET) {
            throw broken("invalid length of startup packet");
        }
        if (in.readableBytes() < length) {
            return;
        }
        ByteBuf packet = in.readSlice(length).skipBytes(Integer.BYTES);
        int code = packet.readInt();
        switch (code) {
            case SSL -> sslRequest(ctx, in, packet);
            case GSS_ENCRYPTION -> gssRequest(ctx, packet);
            case CANCEL -> cancel(ctx, packet);
            default -> startup(ctx, code, packet);
        }
    }

    private void sslRequest(ChannelHandlerContext ctx, ByteBuf in, ByteBuf packet) throws LoginException {
        if (sslAnswered || encrypted || packet.isReadable()) {
            throw broken("the client asks for TLS again, or wrongly");
        }
        sslAnswered = true;
        if (!client.offersTls()) {
            ctx.writeAndFlush(ctx.alloc().buffer(1).writeByte('N'));
            return;
        }
        if (in.isReadable()) {
            // In plain text before TLS, and read as if it had come within: somebody between us may have put it there.
            throw broken("the client went on before TLS began");
        }
        ctx.writeAndFlush(ctx.alloc().buffer(1).writeByte('S'));
        startTls(ctx, null);
    }

    private void gssRequest(ChannelHandlerContext ctx, ByteBuf packet) throws LoginException {
        if (gssAnswered || encrypted || packet.isReadable()) {
            throw broken("the client asks for GSSAPI encryption again, or wrongly");
        }
        gssAnswered = true;
        ctx.writeAndFlush(ctx.alloc().buffer(1).writeByte('N'));
    }

    /** @param hello what the client has said of TLS already */
    private void startTls(ChannelHandlerContext ctx, @Nullable ByteBuf hello) {
        phase = Phase.TLS;
        client.startTls(ctx).addListener(started -> {
            if (started.isSuccess()) {
                encrypted = true;
                phase = Phase.OPENING;
            } else {
                fail(ctx, started.cause());
            }
        });
        if (hello != null) {
            ctx.channel().pipeline().fireChannelRead(hello);
            ctx.channel().pipeline().fireChannelReadComplete();
        }
    }

    private void cancel(ChannelHandlerContext ctx, ByteBuf packet) throws LoginException {
        int length = packet.readableBytes() - Integer.BYTES;
        if (length < Integer.BYTES || length > MAX_CANCEL_SECRET) {
            throw broken("invalid length of cancel request");
        }
        int pid = packet.readInt();
        byte[] secret = new byte[length];
        packet.readBytes(secret);
        if (session.cancels(new CancelKeys.Key(pid, secret))) {
            succeed(ctx, null);
        } else {
            ctx.close(); // like PostgreSQL, which tells nobody whether a key is right
        }
    }

    private void startup(ChannelHandlerContext ctx, int version, ByteBuf packet) throws LoginException {
        if (version >>> 16 != StartupPacket.MAJOR) {
            throw session.refused(
                    "0A000",
                    "unsupported frontend protocol " + (version >>> 16) + "." + (version & 0xFFFF)
                            + ": the ambassador speaks 3");
        }
        StartupPacket startup = StartupPacket.parse(version, packet);
        if (startup.parameters().getOrDefault("user", "").isEmpty()) {
            throw session.refused("28000", "no PostgreSQL user name specified in startup packet");
        }
        if (client.requiresTls() && !encrypted) {
            throw session.refused("28000", "this service is to be used with TLS. Set sslmode=require");
        }
        session.starts(startup);
        if (!client.mustShowCredentials()) {
            succeed(ctx, null);
            return;
        }
        phase = Phase.PASSWORD;
        ctx.writeAndFlush(Messages.message(ctx.alloc(), 'R', body -> body.writeInt(AUTHENTICATION_CLEARTEXT)));
    }

    private void password(ChannelHandlerContext ctx, ByteBuf in) throws LoginException {
        if (in.readableBytes() < 1 + Integer.BYTES) {
            return;
        }
        int length = in.getInt(in.readerIndex() + 1);
        if (in.getByte(in.readerIndex()) != 'p' || length < Integer.BYTES + 1 || length > MAX_PACKET) {
            throw broken("the client answers the question for its password with something else");
        }
        if (in.readableBytes() <= length) {
            return;
        }
        byte[] password = new byte[length - Integer.BYTES - 1];
        in.skipBytes(1 + Integer.BYTES);
        int at = in.readerIndex();
        in.readBytes(password).skipBytes(1);
        in.setZero(at, password.length);
        boolean accepted = client.accepts(session.clientUser(), password);
        Arrays.fill(password, (byte) 0);
        if (!accepted) {
            throw session.refused("28P01", "password authentication failed at the ambassador");
        }
        succeed(ctx, null);
    }

    private LoginException broken(String how) {
        return session.refused("08P01", how);
    }
}
