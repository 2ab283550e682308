package io.ambassador.spi.protocol;

import io.ambassador.spi.secret.CredentialException;

/** A backend did not let us in, or a client's opening failed. */
public final class LoginException extends CredentialException {
    private static final long serialVersionUID = 1L;

    /** What the caller does about it. */
    public enum Kind {
        /** The credentials were refused: another endpoint would refuse them too. Of a client: its own were. */
        REFUSED,
        /** The backend let us in, but not to what the client asked for: another endpoint would say the same. */
        DECLINED,
        /** The backend cannot serve now (loading, too many clients): another may. */
        UNAVAILABLE,
        /** The backend broke its protocol or asked for something unsafe. */
        PROTOCOL
    }

    private final Kind kind;

    public LoginException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
