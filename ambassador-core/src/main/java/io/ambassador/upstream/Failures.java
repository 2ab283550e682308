package io.ambassador.upstream;

import io.netty.channel.ConnectTimeoutException;
import java.net.ConnectException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Sorts and words the failures of connecting. */
final class Failures {
    private Failures() {}

    /** Whether this machine is at fault, not the endpoint: no descriptor, port or memory was left. */
    static boolean isLocal(Throwable cause) {
        String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        return text.contains("too many open files")
                || text.contains("cannot assign requested address")
                || text.contains("no buffer space")
                || text.contains("cannot allocate memory");
    }

    static String describe(@Nullable Throwable cause) {
        if (cause instanceof ConnectTimeoutException) {
            return "no answer in time";
        }
        if (cause instanceof ConnectException
                && String.valueOf(cause.getMessage()).contains("refused")) {
            return "refused";
        }
        return cause == null ? "unknown" : cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
