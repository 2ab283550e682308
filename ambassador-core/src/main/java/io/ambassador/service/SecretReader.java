package io.ambassador.service;

import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Reads one source, one call at a time, and logs once when that fails and once when it works again. */
final class SecretReader {
    private final SecretSource source;
    private final String what;
    private final Logger log;
    private volatile @Nullable String lastError;
    private boolean reading;
    private boolean onceMore;
    private long began;

    /** @param what is read, to begin a sentence with */
    SecretReader(SecretSource source, String what, Logger log) {
        this.source = source;
        this.what = what;
        this.log = log;
    }

    /** {@code null} if it cannot be read. May block. */
    @Nullable Secret read() {
        try {
            Secret read = source.read();
            if (lastError != null) {
                log.info("{} from {} can be read again", what, source.description());
                lastError = null;
            }
            return read;
        } catch (CredentialException e) {
            failed(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            failed(source.description() + ": " + e.getClass().getSimpleName());
        }
        return null;
    }

    private void failed(String message) {
        if (!message.equals(lastError)) {
            log.warn("{} cannot be read: {} What was read last goes on being used.", what, message);
        }
        lastError = message;
    }

    /** Of the last read; {@code null} if it went well. */
    @Nullable String lastError() {
        return lastError;
    }

    String description() {
        return source.description();
    }

    Duration refreshInterval() {
        return source.refreshInterval();
    }

    // From here on: guarded by the keeper.

    /** @return whether to read now; a read under way may have come too early, and is followed by another */
    boolean begin(long now) {
        if (reading) {
            onceMore = true;
            return false;
        }
        reading = true;
        began = now;
        return true;
    }

    /** @return whether to read once more */
    boolean finish(long now) {
        reading = onceMore;
        onceMore = false;
        began = now;
        return reading;
    }

    /** Whether a read is under way that may end soon. */
    boolean isReading(long now) {
        return reading && now - began <= source.timeout().toNanos();
    }
}
