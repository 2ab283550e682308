package io.ambassador.auth.postgresql;

import static io.ambassador.spi.protocol.LoginException.Kind.PROTOCOL;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.ambassador.auth.postgresql.PostgresqlConfig.ChannelBinding;
import io.ambassador.auth.postgresql.PostgresqlConfig.Method;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.secret.Secret;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Answers what a server asks between the startup packet and {@code AuthenticationOk}. One login's; not thread-safe. */
final class Authentication {
    private static final int OK = 0;
    private static final int CLEARTEXT = 3;
    private static final int MD5 = 5;
    private static final int SASL = 10;
    private static final int SASL_CONTINUE = 11;
    private static final int SASL_FINAL = 12;
    private static final int MD5_SALT = 4;
    private static final String SCRAM_SHA_256 = "SCRAM-SHA-256";
    private static final String SCRAM_SHA_256_PLUS = "SCRAM-SHA-256-PLUS";

    private final PostgresqlConfig config;
    private final ScramKeyCache cache;
    private final Login login;
    private final String user;
    private @Nullable Scram scram;
    private boolean asked;
    private boolean challenged;
    private boolean verified;
    private boolean computing;

    /** @param user as in the startup packet, one byte a character */
    Authentication(PostgresqlConfig config, ScramKeyCache cache, Login login, String user) {
        this.config = config;
        this.cache = cache;
        this.login = login;
        this.user = user;
    }

    /** Whether an answer is being computed: the server has nothing to say until it has it. */
    boolean isComputing() {
        return computing;
    }

    interface Failure {
        void failed(Throwable cause);
    }

    /**
     * @param request the body of an authentication request
     * @param failure hears what goes wrong after this has returned
     * @return whether the server has let us in
     */
    boolean answer(ChannelHandlerContext ctx, ByteBuf request, Failure failure) throws LoginException {
        if (request.readableBytes() < Integer.BYTES) {
            throw broken("sent an authentication request that is none");
        }
        int code = request.readInt();
        switch (code) {
            case OK -> {
                requireDone();
                return true;
            }
            case CLEARTEXT -> cleartext(ctx);
            case MD5 -> md5(ctx, request);
            case SASL -> sasl(ctx, request);
            case SASL_CONTINUE -> scramChallenge(ctx, text(request), failure);
            case SASL_FINAL -> scramEnd(text(request));
            default -> throw broken("asks for a way to log in that is not supported (" + name(code) + ")");
        }
        return false;
    }

    /** A server that skips the end of an exchange has not shown that it knows the password. */
    private void requireDone() throws LoginException {
        if (scram != null && !verified) {
            throw broken("let us in without having shown that it knows the password");
        }
        if (!asked) {
            require(Method.TRUST);
            if (config.channelBinding() == ChannelBinding.REQUIRE) {
                throw broken("let us in without a login, though postgresql.channel-binding is require");
            }
        }
    }

    private void cleartext(ChannelHandlerContext ctx) throws LoginException {
        begin(Method.CLEARTEXT);
        if (!login.confidential()) {
            throw broken("asks for the password as it is, which others on the network could read. Enable tls");
        }
        try (Secret secret = login.secret()) {
            byte[] password = secret.reveal();
            send(ctx, password, true);
            Arrays.fill(password, (byte) 0);
        }
    }

    private void md5(ChannelHandlerContext ctx, ByteBuf request) throws LoginException {
        begin(Method.MD5);
        if (request.readableBytes() != MD5_SALT) {
            throw broken("sent a salt of " + request.readableBytes() + " bytes");
        }
        byte[] salt = new byte[MD5_SALT];
        request.readBytes(salt);
        try (Secret secret = login.secret()) {
            byte[] password = secret.reveal();
            byte[] answer = Passwords.md5(password, user, salt);
            Arrays.fill(password, (byte) 0);
            send(ctx, answer, true);
            Arrays.fill(answer, (byte) 0);
        }
    }

    private void sasl(ChannelHandlerContext ctx, ByteBuf request) throws LoginException {
        asked = true;
        require(Method.SCRAM_SHA_256);
        if (scram != null) {
            throw broken("began to log us in twice");
        }
        Set<String> offered = Set.copyOf(Arrays.asList(text(request).split("\0")));
        X509Certificate certificate = login.serverCertificate();
        boolean mayBind = config.channelBinding() != ChannelBinding.DISABLE && certificate != null;
        byte[] binding = mayBind && certificate != null && offered.contains(SCRAM_SHA_256_PLUS)
                ? ChannelBindings.serverEndPoint(certificate)
                : null;
        if (binding == null && config.channelBinding() == ChannelBinding.REQUIRE) {
            throw broken("does not offer to bind the login to the TLS connection, which postgresql.channel-binding ="
                    + " require wants");
        }
        if (binding == null && !offered.contains(SCRAM_SHA_256)) {
            throw broken("offers none of the mechanisms supported here: SCRAM-SHA-256");
        }
        // "y" says that we would have bound the login if the server had offered it: one that had, and whose offer was
        // taken out on the way, then refuses.
        String header = binding != null
                ? "p=tls-server-end-point,,"
                : mayBind && !offered.contains(SCRAM_SHA_256_PLUS) ? "y,," : "n,,";
        scram = Scram.start(header, binding == null ? new byte[0] : binding);
        byte[] first = scram.clientFirst().getBytes(ISO_8859_1);
        String mechanism = binding == null ? SCRAM_SHA_256 : SCRAM_SHA_256_PLUS;
        ctx.writeAndFlush(Messages.message(
                ctx.alloc(),
                'p',
                body -> body.writeBytes(mechanism.getBytes(ISO_8859_1))
                        .writeByte(0)
                        .writeInt(first.length)
                        .writeBytes(first)));
    }

    private void scramChallenge(ChannelHandlerContext ctx, String serverFirst, Failure failure) throws LoginException {
        Scram exchange = scram;
        if (exchange == null || verified || challenged) {
            throw broken("goes on with an exchange that has not begun");
        }
        challenged = true;
        Scram.Challenge challenge = exchange.challenge(serverFirst);
        long version = login.secretVersion();
        ScramKeys known = cache.find(version, challenge.salt(), challenge.iterations());
        if (known != null) {
            prove(ctx, exchange, challenge, known);
            return;
        }
        byte[] prepared = prepared();
        computing = true;
        login.compute(ctx, () -> {
                    try {
                        return ScramKeys.derive(prepared, challenge.salt(), challenge.iterations());
                    } finally {
                        Arrays.fill(prepared, (byte) 0);
                    }
                })
                .addListener((Future<ScramKeys> derived) -> {
                    computing = false;
                    if (!derived.isSuccess()) {
                        failure.failed(derived.cause());
                        return;
                    }
                    ScramKeys keys = derived.getNow();
                    if (ctx.isRemoved()) {
                        keys.close();
                        return;
                    }
                    cache.keep(version, challenge.salt(), challenge.iterations(), keys);
                    prove(ctx, exchange, challenge, keys);
                });
    }

    private byte[] prepared() {
        try (Secret secret = login.secret()) {
            byte[] password = secret.reveal();
            byte[] prepared = Passwords.prepared(password);
            Arrays.fill(password, (byte) 0);
            return prepared;
        }
    }

    private static void prove(ChannelHandlerContext ctx, Scram exchange, Scram.Challenge challenge, ScramKeys keys) {
        String message = exchange.clientFinal(challenge, keys);
        keys.close();
        send(ctx, message.getBytes(ISO_8859_1), false);
    }

    private void scramEnd(String serverFinal) throws LoginException {
        if (scram == null || verified) {
            throw broken("ends an exchange that has not begun");
        }
        scram.verify(serverFinal);
        verified = true;
    }

    private void begin(Method method) throws LoginException {
        if (asked) {
            throw broken("asks for another way to log in after the first");
        }
        asked = true;
        require(method);
        if (config.channelBinding() == ChannelBinding.REQUIRE) {
            throw broken("asks for a login that is not bound to the TLS connection, which postgresql.channel-binding ="
                    + " require wants");
        }
    }

    private void require(Method method) throws LoginException {
        if (!config.methods().contains(method)) {
            throw broken(
                    "asks for a login by " + PostgresqlProvider.word(method) + ", which postgresql.methods leaves out");
        }
    }

    /** Wiped after it is written. Direct, since a transport copies heap buffers; not pooled, and of the exact size. */
    private static void send(ChannelHandlerContext ctx, byte[] content, boolean terminated) {
        int length = Integer.BYTES + content.length + (terminated ? 1 : 0);
        ByteBuf message = UnpooledByteBufAllocator.DEFAULT.directBuffer(1 + length, 1 + length);
        message.writeByte('p').writeInt(length).writeBytes(content);
        if (terminated) {
            message.writeByte(0);
        }
        message.retain();
        ctx.writeAndFlush(message).addListener(written -> {
            message.setZero(0, message.capacity());
            message.release();
        });
    }

    private static String text(ByteBuf body) {
        return body.toString(ISO_8859_1);
    }

    private static String name(int code) {
        return switch (code) {
            case 2 -> "Kerberos V5";
            case 7, 8 -> "GSSAPI";
            case 9 -> "SSPI";
            default -> "code " + code;
        };
    }

    private static LoginException broken(String how) {
        return new LoginException(PROTOCOL, "The server " + how + ".");
    }
}
