package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a client's opening: requests for encryption, then a startup or a cancel request; and its password, where the
 * service wants to see one.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-flow.html">Message Flow</a>
 */
final class ClientGreeting extends Handshake<Void> {
    private static final int GSS_ENCRYPTION_REQUEST = 80_877_104;
    private static final int HEAD = 8;
    private static final int TLS_HANDSHAKE = 0x16;
    private static final int MAX_NAME_SHOWN = 63;

    private enum Phase {
        REQUESTS,
        STARTING_TLS,
        PASSWORD
    }

    private final Client client;
    private final StartupPolicy startups;
    private final CancelKeys cancelKeys;
    private final Consumer<Opening> found;
    private Phase phase = Phase.REQUESTS;
    private boolean anythingRead;
    private boolean tlsAsked;
    private boolean gssAsked;
    private boolean encrypted;
    private @Nullable Opening wanted;
    private @Nullable String user;

    /** @param found told before {@code greeted}, also of a client that is to be refused */
    ClientGreeting(
            Promise<Void> greeted,
            Client client,
            StartupPolicy startups,
            CancelKeys cancelKeys,
            Consumer<Opening> found) {
        super(greeted);
        this.client = client;
        this.startups = startups;
        this.cancelKeys = cancelKeys;
        this.found = found;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
        if (!in.isReadable()) {
            return;
        }
        switch (phase) {
            case REQUESTS -> request(ctx, in);
            case STARTING_TLS -> throw injected();
            case PASSWORD -> password(ctx, in);
        }
    }

    private void request(ChannelHandlerContext ctx, ByteBuf in) throws LoginException {
        int start = in.readerIndex();
        if (!anythingRead && !encrypted && in.getByte(start) == TLS_HANDSHAKE && client.offersTls()) {
            startTlsAtOnce(ctx, in);
            return;
        }
        if (in.readableBytes() < 4) {
            return;
        }
        int length = in.getInt(start);
        if (length < HEAD || length > Startup.MAX_BYTES) {
            throw refusal(ErrorResponse.PROTOCOL_VIOLATION, "invalid length of startup packet");
        }
        if (in.readableBytes() < length) {
            return;
        }
        anythingRead = true;
        ByteBuf packet = in.readSlice(length);
        switch (packet.getInt(4)) {
            case TlsFirst.SSL_REQUEST -> tlsRequest(ctx, in, length);
            case GSS_ENCRYPTION_REQUEST -> gssRequest(ctx, length);
            case BackendKey.CANCEL_REQUEST -> cancel(ctx, packet, in);
            default -> startup(ctx, packet);
        }
    }

    private void tlsRequest(ChannelHandlerContext ctx, ByteBuf in, int length) throws LoginException {
        if (tlsAsked || encrypted || length != HEAD) {
            throw refusal(ErrorResponse.PROTOCOL_VIOLATION, "unexpected request for TLS");
        }
        tlsAsked = true;
        if (!client.offersTls()) {
            answer(ctx, 'N');
            return;
        }
        if (in.isReadable()) {
            throw injected();
        }
        answer(ctx, 'S');
        startTls(ctx);
    }

    /** TLS from the first byte on, of which some have been read. */
    private void startTlsAtOnce(ChannelHandlerContext ctx, ByteBuf in) {
        ByteBuf begun = in.readBytes(in.readableBytes());
        startTls(ctx);
        ctx.pipeline().fireChannelRead(begun);
        ctx.pipeline().fireChannelReadComplete();
    }

    private void startTls(ChannelHandlerContext ctx) {
        phase = Phase.STARTING_TLS;
        Future<Void> started = client.startTls(ctx);
        started.addListener(done -> {
            if (done.isSuccess()) {
                encrypted = true;
                phase = Phase.REQUESTS;
            } else {
                fail(ctx, done.cause());
            }
        });
    }

    private void gssRequest(ChannelHandlerContext ctx, int length) throws LoginException {
        if (gssAsked || encrypted || length != HEAD) {
            throw refusal(ErrorResponse.PROTOCOL_VIOLATION, "unexpected request for GSS encryption");
        }
        gssAsked = true;
        answer(ctx, 'N');
    }

    private static void answer(ChannelHandlerContext ctx, char answer) {
        ctx.writeAndFlush(ctx.alloc().buffer(1).writeByte(answer));
    }

    /** As servers do, nothing is answered, whatever becomes of it; clients may ask without TLS, since most cannot do it. */
    private void cancel(ChannelHandlerContext ctx, ByteBuf packet, ByteBuf in) {
        if (!client.isLoggedInFor()) {
            end(ctx, new Opening.Untouched(bytes(packet)));
            return;
        }
        CancelKeys.Target target = null;
        int secret = packet.readableBytes() - HEAD - 4;
        if (secret >= BackendKey.MIN_SECRET && secret <= BackendKey.MAX_SECRET) {
            byte[] all = bytes(packet);
            target =
                    cancelKeys.find(new BackendKey(packet.getInt(HEAD), Arrays.copyOfRange(all, HEAD + 4, all.length)));
        }
        Opening.Cancel cancel = new Opening.Cancel(target);
        if (target != null) {
            end(ctx, cancel);
            return;
        }
        found.accept(cancel);
        in.skipBytes(in.readableBytes());
        LoginException unknown = failure("asked to cancel what a connection does that is not known here");
        ctx.close().addListener(closed -> fail(ctx, unknown)); // not with a reset, which clients take for a failure
    }

    private void startup(ChannelHandlerContext ctx, ByteBuf packet) throws LoginException {
        byte[] verbatim = bytes(packet);
        int major = packet.getInt(4) >>> 16;
        if (major != 3) {
            throw refusal(
                    ErrorResponse.FEATURE_NOT_SUPPORTED,
                    "unsupported frontend protocol " + major + "." + (packet.getInt(4) & 0xffff));
        }
        Startup startup = Startup.parse(packet.skipBytes(4));
        if (startup == null) {
            throw refusal(ErrorResponse.PROTOCOL_VIOLATION, "invalid startup packet layout");
        }
        if (client.requiresTls() && !encrypted) {
            throw refusal(ErrorResponse.INVALID_AUTHORIZATION, "TLS is required");
        }
        if (startup.user() == null || startup.user().isEmpty()) {
            throw refusal(ErrorResponse.INVALID_AUTHORIZATION, "no user name specified in startup packet");
        }
        String forbidden = client.isLoggedInFor() ? startups.forbidden(startup) : null;
        if (forbidden != null) {
            throw refusal(
                    ErrorResponse.INSUFFICIENT_PRIVILEGE,
                    "the startup parameter \"" + shown(forbidden)
                            + "\" is not allowed; the service's postgresql.startup-parameters can allow it");
        }
        user = startup.user();
        wanted = client.isLoggedInFor()
                ? new Opening.Admitted(startups.withDatabase(startup))
                : new Opening.Untouched(verbatim);
        if (client.mustShowCredentials()) {
            askForPassword(ctx);
        } else {
            end(ctx, wanted);
        }
    }

    private void askForPassword(ChannelHandlerContext ctx) throws LoginException {
        if (!encrypted && !isOnThisMachine(ctx.channel().remoteAddress())) {
            throw refusal(
                    ErrorResponse.INVALID_AUTHORIZATION,
                    "a password is wanted, which may only be sent over TLS, loopback or a unix socket");
        }
        phase = Phase.PASSWORD;
        ctx.writeAndFlush(ctx.alloc().buffer(9).writeByte('R').writeInt(8).writeInt(3));
    }

    private void password(ChannelHandlerContext ctx, ByteBuf in) throws LoginException {
        int start = in.readerIndex();
        if (in.getByte(start) != 'p') {
            throw refusal(ErrorResponse.PROTOCOL_VIOLATION, "expected a password");
        }
        if (in.readableBytes() < 5) {
            return;
        }
        int length = in.getInt(start + 1);
        if (length < 5 || length > Startup.MAX_BYTES) {
            throw refusal(ErrorResponse.PROTOCOL_VIOLATION, "invalid length of password");
        }
        if (in.readableBytes() < 1 + length) {
            return;
        }
        byte[] password = new byte[length - 5];
        in.getBytes(start + 5, password);
        boolean ended = in.getByte(start + length) == 0;
        in.setZero(start, 1 + length);
        in.skipBytes(1 + length);
        boolean accepted = ended && client.accepts(userName(), password);
        Arrays.fill(password, (byte) 0);
        Opening opening = wanted;
        if (accepted && opening != null) {
            end(ctx, opening);
        } else {
            refusal(ErrorResponse.INVALID_PASSWORD, "the password is not accepted");
            throw new LoginException(LoginException.Kind.REFUSED, "the password is not accepted");
        }
    }

    private @Nullable String userName() {
        return user == null ? null : new String(user.getBytes(ISO_8859_1), UTF_8);
    }

    private void end(ChannelHandlerContext ctx, Opening opening) {
        found.accept(opening);
        succeed(ctx, null);
    }

    /** The client is told by whoever closes its connection. */
    private LoginException refusal(String sqlState, String message) {
        found.accept(new Opening.Refused(new ErrorResponse(sqlState, message)));
        return failure(message);
    }

    private static LoginException failure(String message) {
        return new LoginException(LoginException.Kind.PROTOCOL, message);
    }

    /** Somebody in between may have put them there, to be taken for a part of what comes encrypted. */
    private static LoginException injected() {
        return failure("sent bytes in plain text where TLS was to begin");
    }

    private static byte[] bytes(ByteBuf packet) {
        byte[] bytes = new byte[packet.readableBytes()];
        packet.getBytes(packet.readerIndex(), bytes);
        return bytes;
    }

    /** It goes to the log, too. */
    private static String shown(String name) {
        String cut = name.substring(0, Math.min(name.length(), MAX_NAME_SHOWN));
        return cut.replaceAll("[^A-Za-z0-9_.-]", "?");
    }

    private static boolean isOnThisMachine(SocketAddress address) {
        return address instanceof DomainSocketAddress
                || address instanceof InetSocketAddress inet
                        && inet.getAddress() != null
                        && inet.getAddress().isLoopbackAddress();
    }
}
