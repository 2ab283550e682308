package io.ambassador.auth.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.Client;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;

/** A client whose own password is {@code mine}. Its settings are bits, so that an input can choose them. */
final class FuzzClient implements Client {
    static final int LOGGED_IN_FOR = 1;
    static final int MUST_SHOW = 2;
    static final int OFFERED_TLS = 4;
    static final int NEEDS_TLS = 8;
    /** TLS begins, though it changes nothing here; else it fails. */
    static final int STARTS_TLS = 16;

    private final int settings;
    private int accepted;
    private boolean encrypted;

    FuzzClient(int settings) {
        this.settings = settings;
    }

    /** How often it has shown the right password. */
    int accepted() {
        return accepted;
    }

    @Override
    public boolean isLoggedInFor() {
        return has(LOGGED_IN_FOR);
    }

    @Override
    public boolean offersTls() {
        return has(OFFERED_TLS);
    }

    @Override
    public boolean requiresTls() {
        return has(OFFERED_TLS) && has(NEEDS_TLS);
    }

    /** A second time is an error, as where there is a handler of that name. */
    @Override
    public Future<Void> startTls(ChannelHandlerContext ctx) {
        if (encrypted) {
            throw new IllegalArgumentException("TLS within TLS");
        }
        encrypted = true;
        return has(STARTS_TLS)
                ? ctx.executor().newSucceededFuture(null)
                : ctx.executor().newFailedFuture(new javax.net.ssl.SSLHandshakeException("This client has no TLS."));
    }

    @Override
    public boolean mustShowCredentials() {
        return has(MUST_SHOW);
    }

    @Override
    public boolean accepts(String username, byte[] password) {
        boolean right = new String(password, UTF_8).equals("mine");
        accepted += right ? 1 : 0;
        return right;
    }

    private boolean has(int setting) {
        return (settings & setting) != 0;
    }
}
