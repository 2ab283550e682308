package io.ambassador.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PeerTextTest {
    static Stream<Arguments> hostile() {
        return Stream.of(
                Arguments.of("a\r\nb", "a\\r\\nb"),
                Arguments.of("\tx\0", "\\tx\\u0000"),
                Arguments.of("\u001b[2Jx", "\\u001b[2Jx"),
                Arguments.of("\u009b31m", "\\u009b31m"),
                Arguments.of("user\u202etxt.exe", "user\\u202etxt.exe"),
                Arguments.of("a\u2066b\u2069", "a\\u2066b\\u2069"),
                Arguments.of("a\u2028b\u2029c\u0085d", "a\\u2028b\\u2029c\\u0085d"),
                Arguments.of("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
                Arguments.of("\ud800x\udc00", "\\ud800x\\udc00"),
                Arguments.of("\udb40\udc41", "\\udb40\\udc41"), // an invisible tag, beyond sixteen bits
                Arguments.of("\ue000\uffff", "\\ue000\\uffff"));
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void whatCouldFakeHideOrTurnALineIsEscaped(String text, String escaped) {
        assertEquals(escaped, PeerText.escape(text));
        assertEquals(escaped, PeerText.escape(PeerText.escape(text)), "twice is as once");
    }

    @Test
    void whatPeopleWriteStaysAsItIs() {
        String plain = "password authentication failed for user \"app\" \\ C:\\x";
        assertSame(plain, PeerText.escape(plain));
        assertEquals(
                "Zugriff für Benutzer »é« verweigert 中文 😀",
                PeerText.escape("Zugriff für Benutzer »é« verweigert 中文 😀"));
    }
}
