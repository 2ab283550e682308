package io.ambassador.spi.secret;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SecretTest {
    @Test
    void isNeverRendered() {
        assertEquals("***", Secret.owning(new byte[] {'p', 'w'}).toString());
        assertEquals("***", String.valueOf(Secret.owning(new byte[0])));
    }

    @Test
    void closingWipesTheBytesItTookOver() {
        byte[] bytes = {1, 2, 3};
        Secret secret = Secret.owning(bytes);
        Secret copy = secret.copy();

        secret.close();
        secret.close();

        assertArrayEquals(new byte[3], bytes);
        assertThrows(IllegalStateException.class, secret::reveal);
        assertThrows(IllegalStateException.class, secret::copy);
        assertArrayEquals(new byte[] {1, 2, 3}, copy.reveal(), "a copy is closed on its own");
    }

    @Test
    void revealsACopy() {
        Secret secret = Secret.owning(new byte[] {1});
        secret.reveal()[0] = 9;
        assertArrayEquals(new byte[] {1}, secret.reveal());
    }

    @Test
    void comparesBytes() {
        Secret secret = Secret.owning(new byte[] {1, 2});
        Secret wiped = Secret.owning(new byte[] {1, 2});
        wiped.close();

        assertTrue(secret.sameAs(secret));
        assertTrue(secret.sameAs(Secret.owning(new byte[] {1, 2})));
        assertFalse(secret.sameAs(Secret.owning(new byte[] {1, 3})));
        assertFalse(secret.sameAs(Secret.owning(new byte[] {1})));
        assertThrows(IllegalStateException.class, () -> secret.sameAs(wiped));
        assertArrayEquals(new byte[] {1, 2}, secret.reveal(), "comparing leaves it whole");
    }
}
