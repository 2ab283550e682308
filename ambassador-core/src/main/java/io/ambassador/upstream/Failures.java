package io.ambassador.upstream;

import io.ambassador.explain.EndReason;
import io.ambassador.spi.PeerText;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.ssl.NotSslRecordException;
import java.net.ConnectException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Sorts and words the failures of connecting. */
final class Failures {
    private Failures() {}

    /** Whether this machine is at fault, not the endpoint: no descriptor, port or memory was left. */
    static boolean isLocal(Throwable cause) {
        String text = text(cause);
        return text.contains("too many open files")
                || text.contains("cannot assign requested address")
                || text.contains("no buffer space")
                || text.contains("cannot allocate memory");
    }

    /** Why a connection to an endpoint was not made. */
    static EndReason reason(Throwable cause) {
        if (cause instanceof TlsException tls) {
            return tls.isLate() ? EndReason.TLS_TIMEOUT : EndReason.TLS_FAILED;
        }
        if (isLocal(cause)) {
            return EndReason.NO_RESOURCES;
        }
        if (cause instanceof ConnectTimeoutException || text(cause).contains("connection timed out")) {
            return EndReason.CONNECT_TIMEOUT;
        }
        return isRefusal(cause) ? EndReason.CONNECT_REFUSED : EndReason.CONNECT_FAILED;
    }

    private static boolean isRefusal(Throwable cause) {
        return cause instanceof ConnectException && text(cause).contains("refused");
    }

    private static String text(Throwable cause) {
        return String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    }

    /** For people; what a peer had a part in is escaped. */
    static String describe(@Nullable Throwable cause) {
        if (cause instanceof ConnectTimeoutException) {
            return "no answer in time";
        }
        if (cause != null && isRefusal(cause)) {
            return "refused";
        }
        if (cause instanceof NotSslRecordException) {
            return "it does not speak TLS here"; // the message would quote what it said instead, a password perhaps
        }
        return cause == null
                ? "unknown"
                : PeerText.escape(cause.getMessage() == null ? cause.toString() : cause.getMessage());
    }
}
