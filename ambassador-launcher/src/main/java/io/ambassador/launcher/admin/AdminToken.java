package io.ambassador.launcher.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.Configured;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The token as its source holds it, read again at the source's interval on a thread of its own. Thread-safe. */
final class AdminToken implements AutoCloseable {
    /** What a caller shows of it. */
    enum Verdict {
        RIGHT,
        WRONG,
        /** It could not be read yet: nobody can be right. */
        UNREADABLE
    }

    private static final Logger LOG = LoggerFactory.getLogger("ambassador.admin");
    private static final String SCHEME = "Bearer ";

    private final SecretSource source;
    private final ScheduledThreadPoolExecutor reads =
            new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("ambassador-admin-token", true));
    private @Nullable Secret current;
    private boolean closed;
    private @Nullable String lastError;

    private AdminToken(SecretSource source) {
        this.source = source;
    }

    static AdminToken follow(Configured<SecretSourceProvider<?>> configured) {
        return follow(create(configured));
    }

    static AdminToken follow(SecretSource source) {
        AdminToken token = new AdminToken(source);
        long interval = Math.max(100, source.refreshInterval().toMillis());
        token.reads.scheduleWithFixedDelay(token::read, 0, interval, TimeUnit.MILLISECONDS);
        return token;
    }

    @SuppressWarnings("unchecked") // a provider's own config is the only one it is ever paired with
    private static SecretSource create(Configured<SecretSourceProvider<?>> configured) {
        return ((SecretSourceProvider<Record>) configured.provider()).create(configured.config());
    }

    /**
     * In time that does not tell where the two differ.
     *
     * @param authorization the header's value: {@code Bearer} and the token; {@code null} if there is none
     */
    synchronized Verdict judge(@Nullable String authorization) {
        if (current == null) {
            return Verdict.UNREADABLE;
        }
        if (authorization == null || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return Verdict.WRONG;
        }
        byte[] shown = authorization.substring(SCHEME.length()).trim().getBytes(UTF_8);
        byte[] right = current.reveal();
        try {
            return MessageDigest.isEqual(shown, right) ? Verdict.RIGHT : Verdict.WRONG;
        } finally {
            Arrays.fill(shown, (byte) 0);
            Arrays.fill(right, (byte) 0);
        }
    }

    private void read() {
        try {
            take(source.read());
        } catch (CredentialException e) {
            failed(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            failed(source.description() + ": " + e.getClass().getSimpleName()); // the message may quote the token
        }
    }

    private synchronized void take(Secret read) {
        Secret old = current;
        if (closed) {
            read.close();
            return;
        }
        if (lastError != null) {
            LOG.info("The admin token from {} can be read.", source.description());
            lastError = null;
        } else if (old != null && !old.sameAs(read)) {
            LOG.info("The admin token from {} has changed.", source.description());
        }
        current = read;
        if (old != null) {
            old.close();
        }
    }

    private synchronized void failed(String message) {
        if (!message.equals(lastError) && !closed) {
            LOG.warn(
                    "The admin token cannot be read: {} {}",
                    message,
                    current == null
                            ? "What needs it is refused until it can be."
                            : "What was read last goes on being used.");
            lastError = message;
        }
    }

    @Override
    public void close() {
        reads.shutdownNow(); // not waited for: a read may hang for as long as its store does
        synchronized (this) {
            closed = true;
            if (current != null) {
                current.close();
                current = null;
            }
        }
    }
}
