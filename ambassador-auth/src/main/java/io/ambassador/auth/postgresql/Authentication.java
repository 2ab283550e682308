package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.secret.Secret;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Answers the {@code R} messages of a server, and sees to it that it proves what it has to. */
final class Authentication {
    private enum Step {
        NOTHING_SAID,
        ANSWERED,
        SCRAM_BEGUN,
        SCRAM_COMPUTING,
        SCRAM_PROVED,
        SCRAM_VERIFIED
    }

    private final Login login;
    private final LoginRules rules;
    private final ScramKeyCache keys;
    private final String user;
    private Step step = Step.NOTHING_SAID;
    private @Nullable Scram scram;

    Authentication(Login login, LoginMeans means, @Nullable String user) {
        this.login = login;
        this.rules = means.rules();
        this.keys = means.keys();
        this.user = user == null ? "" : user;
    }

    /** Whether an answer is being computed: the server is not to be listened to. */
    boolean isBusy() {
        return step == Step.SCRAM_COMPUTING;
    }

    /**
     * Answers one message.
     *
     * @param failed told of what goes wrong later
     * @return whether we are in
     */
    boolean isOver(ChannelHandlerContext ctx, Message request, Consumer<Throwable> failed) throws LoginException {
        switch (request.code()) {
            case 0 -> {
                finish();
                return true;
            }
            case 3 -> password(ctx);
            case 5 -> md5(ctx, request.afterCode());
            case 10 -> beginScram(ctx, mechanisms(request));
            case 11 -> continueScram(ctx, request.afterCode(), failed);
            case 12 -> verifyScram(request.afterCode());
            default ->
                throw MessageReader.broken(
                        "asks for authentication of kind " + request.code() + ", which is not supported.");
        }
        return false;
    }

    private void finish() throws LoginException {
        switch (step) {
            case NOTHING_SAID -> allow(AuthMethod.TRUST);
            case ANSWERED, SCRAM_VERIFIED -> {}
            default -> throw MessageReader.broken("ended the login without proving that it knows the password.");
        }
    }

    private void password(ChannelHandlerContext ctx) throws LoginException {
        require(Step.NOTHING_SAID);
        allow(AuthMethod.CLEARTEXT);
        if (!login.confidential() || login.serverCertificate() == null && !isLoopback(ctx)) {
            throw MessageReader.broken("asks for the password as it is, on a connection that others could read.");
        }
        byte[] password = reveal();
        byte[] answer = Arrays.copyOf(password, password.length + 1);
        Arrays.fill(password, (byte) 0);
        PasswordMessage.write(ctx, answer);
        step = Step.ANSWERED;
    }

    private void md5(ChannelHandlerContext ctx, byte[] salt) throws LoginException {
        require(Step.NOTHING_SAID);
        allow(AuthMethod.MD5);
        if (salt.length != 4) {
            throw MessageReader.broken("sent a salt of " + salt.length + " bytes.");
        }
        byte[] password = reveal();
        try {
            PasswordMessage.write(ctx, Md5.response(password, user.getBytes(ISO_8859_1), salt));
        } finally {
            Arrays.fill(password, (byte) 0);
        }
        step = Step.ANSWERED;
    }

    private static List<String> mechanisms(Message request) throws LoginException {
        List<String> mechanisms = new ArrayList<>();
        for (int at = 4; ; ) {
            String name = request.text(at);
            if (name == null) {
                throw MessageReader.broken("sent a list of mechanisms without an end.");
            }
            if (name.isEmpty()) {
                return mechanisms;
            }
            mechanisms.add(name);
            at += name.length() + 1;
        }
    }

    private void beginScram(ChannelHandlerContext ctx, List<String> mechanisms) throws LoginException {
        require(Step.NOTHING_SAID);
        allow(AuthMethod.SCRAM_SHA_256);
        Scram begun = Scram.choose(mechanisms, login.serverCertificate(), rules.channelBinding(), Scram.newNonce());
        PasswordMessage.write(ctx, begun.initialResponse());
        scram = begun;
        step = Step.SCRAM_BEGUN;
    }

    private void continueScram(ChannelHandlerContext ctx, byte[] serverFirst, Consumer<Throwable> failed)
            throws LoginException {
        Scram begun = scram;
        if (begun == null || step != Step.SCRAM_BEGUN) {
            throw outOfTurn();
        }
        begun.challenged(serverFirst);
        long version =
                login.secretVersion(); // before the secret: a newer one is filed as old, which is never asked for
        ScramKeys kept = keys.find(version, begun.salt(), begun.iterations());
        if (kept != null) {
            prove(ctx, begun, kept);
            return;
        }
        step = Step.SCRAM_COMPUTING;
        Secret secret = login.secret();
        Future<ScramKeys> derived =
                login.compute(ctx, () -> ScramKeys.derive(secret, begun.salt(), begun.iterations()));
        derived.addListener(done -> {
            secret.close();
            if (!done.isSuccess()) {
                failed.accept(done.cause());
                return;
            }
            ScramKeys fresh = derived.getNow();
            keys.keep(version, begun.salt(), begun.iterations(), fresh);
            if (ctx.isRemoved() || !ctx.channel().isActive()) {
                fresh.wipe();
            } else {
                prove(ctx, begun, fresh);
            }
        });
    }

    private void prove(ChannelHandlerContext ctx, Scram begun, ScramKeys derived) {
        try {
            PasswordMessage.write(ctx, begun.proof(derived));
        } finally {
            derived.wipe();
        }
        step = Step.SCRAM_PROVED;
    }

    private void verifyScram(byte[] serverFinal) throws LoginException {
        Scram begun = scram;
        if (begun == null || step != Step.SCRAM_PROVED) {
            throw outOfTurn();
        }
        begun.verify(serverFinal);
        step = Step.SCRAM_VERIFIED;
    }

    private byte[] reveal() {
        try (Secret secret = login.secret()) {
            return secret.reveal();
        }
    }

    private void require(Step expected) throws LoginException {
        if (step != expected) {
            throw outOfTurn();
        }
    }

    private void allow(AuthMethod method) throws LoginException {
        if (rules.allow(method)) {
            return;
        }
        throw MessageReader.broken(
                rules.methods().contains(method)
                        ? "logs in by " + method.word() + ", which has no channel binding, though that is required."
                        : "logs in by " + method.word() + ", which is not among the methods allowed.");
    }

    private static LoginException outOfTurn() {
        return MessageReader.broken("asked for a step of the login out of turn.");
    }

    private static boolean isLoopback(ChannelHandlerContext ctx) {
        return ctx.channel().remoteAddress() instanceof InetSocketAddress address
                && address.getAddress() != null
                && address.getAddress().isLoopbackAddress();
    }
}
