package io.ambassador.discovery.etcd;

import io.ambassador.spi.AmbassadorException;

/** An answer of etcd that is an error, with its gRPC code. */
final class EtcdRefusal extends AmbassadorException {
    private static final long serialVersionUID = 1L;

    private static final int INVALID_ARGUMENT = 3;
    private static final int PERMISSION_DENIED = 7;
    private static final int FAILED_PRECONDITION = 9;
    private static final int OUT_OF_RANGE = 11;
    private static final int UNAUTHENTICATED = 16;

    private final int code;

    EtcdRefusal(String member, int code, String message) {
        super(member + ": " + message, null, false);
        this.code = code;
    }

    /** The token is over, or the users changed; a new login may help. */
    boolean isTokenRefused() {
        return code == UNAUTHENTICATED || code == INVALID_ARGUMENT && says("auth store is old");
    }

    /** Asking again soon will not help, and each time costs the server a password check. */
    boolean isLoginRefused() {
        return isTokenRefused() || code == INVALID_ARGUMENT && (says("authentication failed") || says("user name"));
    }

    /** This path may not be read; others may. */
    boolean isPermissionDenied() {
        return code == PERMISSION_DENIED;
    }

    boolean isAuthenticationOff() {
        return code == FAILED_PRECONDITION && says("authentication is not enabled");
    }

    /** The revision asked for is no longer kept. */
    boolean isCompacted() {
        return code == OUT_OF_RANGE && says("compacted");
    }

    private boolean says(String text) {
        return String.valueOf(getMessage()).contains(text);
    }
}
