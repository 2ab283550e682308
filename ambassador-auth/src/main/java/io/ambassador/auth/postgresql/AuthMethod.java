package io.ambassador.auth.postgresql;

import java.util.Locale;

/** A way to log in. */
enum AuthMethod {
    SCRAM_SHA_256,
    MD5,
    /** The password as it is, over verified TLS or on this machine alone. */
    CLEARTEXT,
    /** The server asks for nothing. */
    TRUST;

    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws IllegalArgumentException if there is none */
    static AuthMethod of(String word) {
        for (AuthMethod method : values()) {
            if (method.word().equals(word)) {
                return method;
            }
        }
        throw new IllegalArgumentException(word);
    }
}
