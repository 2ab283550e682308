package io.ambassador.transport;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.nio.channels.ClosedChannelException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Says what went wrong in a handshake, in one line. */
final class TlsFailures {
    private static final String ALERT = "Received fatal alert: ";

    private TlsFailures() {}

    static String explain(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String known = known(cause);
            if (known != null) {
                return known;
            }
        }
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    private static @Nullable String known(Throwable cause) {
        if (cause instanceof ServerIdentity.Refused) {
            return cause.getMessage();
        }
        if (cause instanceof NotSslRecordException) {
            return "the endpoint does not speak TLS on this port";
        }
        if (cause instanceof SslHandshakeTimeoutException) {
            return "the TLS handshake was not finished in time";
        }
        if (cause instanceof ClosedChannelException) {
            return "the connection was closed during the TLS handshake";
        }
        String message = cause instanceof SSLException ? cause.getMessage() : null;
        return message != null && message.contains(ALERT) ? alert(message) : null;
    }

    /** @see <a href="https://www.rfc-editor.org/rfc/rfc8446#section-6.2">RFC 8446, section 6.2</a> */
    private static String alert(String message) {
        String alert = message.substring(message.indexOf(ALERT) + ALERT.length());
        return switch (alert) {
            case "certificate_required" -> "the endpoint wants a client certificate, and none is configured";
            case "bad_certificate",
                    "unknown_ca",
                    "certificate_expired",
                    "certificate_unknown",
                    "certificate_revoked",
                    "unsupported_certificate" -> "the endpoint refused our client certificate (alert " + alert + ")";
            case "protocol_version" -> "the endpoint speaks neither TLS 1.2 nor 1.3";
            case "unrecognized_name" -> "the endpoint does not know the server name it was asked for";
            default -> "the endpoint ended the TLS handshake (alert " + alert + ")";
        };
    }
}
