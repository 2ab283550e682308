package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SaslPrepTest {
    /** RFC 4013, section 3, among others. */
    @ParameterizedTest
    @CsvSource({
        "user, user",
        "USER, USER",
        "I\u00adX, IX",
        "\u00aa, a",
        "\u2168, IX",
        "p\u00e4ss, p\u00e4ss",
        "pa\u0308ss, p\u00e4ss",
        "a\u00a0b, a b"
    })
    void prepares(String password, String prepared) {
        assertEquals(prepared, new String(SaslPrep.prepare(password.getBytes(UTF_8)), UTF_8));
    }

    @Test
    void usesAsItIsWhatCannotBePrepared() {
        byte[] notUtf8 = {'a', (byte) 0xff, 'b'};
        byte[] control = {'a', 7, 'b'};
        byte[] mixedDirections = "\u06271".getBytes(UTF_8);
        assertArrayEquals(notUtf8, SaslPrep.prepare(notUtf8));
        assertArrayEquals(control, SaslPrep.prepare(control));
        assertArrayEquals(mixedDirections, SaslPrep.prepare(mixedDirections));
        assertArrayEquals(new byte[0], SaslPrep.prepare(new byte[0]));
    }
}
