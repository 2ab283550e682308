package io.ambassador.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ListenAddressTest {
    @Test
    void readsTheForms() {
        assertEquals(new ListenAddress.Tcp("127.0.0.1", 6379), ListenAddress.parse("6379"));
        assertEquals(new ListenAddress.Tcp("0.0.0.0", 0), ListenAddress.parse("*:0"));
        assertEquals(new ListenAddress.Tcp("::1", 6379), ListenAddress.parse("[::1]:6379"));
        assertEquals(new ListenAddress.Unix(Path.of("/run/a.sock")), ListenAddress.parse("unix:/run/a.sock"));
        assertEquals("[::1]:6379", ListenAddress.parse("[::1]:6379").toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "redis",
                "65536",
                "-1",
                "+1",
                ":6379",
                "::1:6379",
                "unix:",
                "127.0.0.1:",
                "127.0.0.1:x",
                "1:99999999999"
            })
    void refusesTheRestWithAReason(String text) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> ListenAddress.parse(text));
        assertTrue(refused.getMessage().contains("expected: "), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "6379, true",
        "127.8.9.10:1, true",
        "localhost:1, true",
        "[::1]:1, true",
        "[0:0:0:0:0:0:0:1]:1, true",
        "[::ffff:127.0.0.1]:1, true",
        "unix:/run/a.sock, true",
        "*:1, false",
        "10.0.0.1:1, false",
        "127.0.0.1.example.com:1, false",
        "127.example.com:1, false",
        "[::]:1, false"
    })
    void knowsWhatOnlyThisMachineReaches(String text, boolean local) {
        assertEquals(local, ListenAddress.parse(text).isLocal());
    }
}
