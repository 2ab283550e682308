package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PostgresqlMd5Test extends PostgresqlContract {
    private static final byte[] SALT = {1, 2, -3, 4};

    @Override
    boolean ask(Backend backend, String username, String password) throws IOException {
        backend.say(Backend.authentication(5, SALT));
        byte[] expected = Md5.response(password.getBytes(UTF_8), username.getBytes(UTF_8), SALT);
        return Arrays.equals(expected, backend.answer());
    }

    /** Computed with md5sum. */
    @Test
    void digestsPasswordUserAndSalt() {
        byte[] response = Md5.response(bytes("secret"), bytes("app"), bytes("salt"));
        assertEquals("md57f097e06031b34893c20e25a0e68242c\0", new String(response, US_ASCII));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
