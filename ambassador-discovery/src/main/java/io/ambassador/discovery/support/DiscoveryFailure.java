package io.ambassador.discovery.support;

import io.ambassador.spi.discovery.DiscoveryException;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Why a future has failed, as a source may tell it. */
public final class DiscoveryFailure {
    private DiscoveryFailure() {}

    /** @param who begins the message of what nobody has put into words yet */
    public static DiscoveryException of(String who, @Nullable Throwable failure) {
        Throwable cause = failure == null ? null : cause(failure);
        return cause instanceof DiscoveryException known ? known : new DiscoveryException(who + ": " + cause, cause);
    }

    /** What stages that came after it have wrapped. */
    public static Throwable cause(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }
}
