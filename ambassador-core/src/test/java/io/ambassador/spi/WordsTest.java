package io.ambassador.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;

class WordsTest {
    private static final List<String> KNOWN = List.of("consul", "dns", "etcd", "round-robin");

    @Test
    void suggestsTheNearest() {
        assertEquals("did you mean consul? known: consul, dns, etcd, round-robin", Words.didYouMean("consull", KNOWN));
        assertEquals("round-robin", Words.nearest("roundrobin", KNOWN));
        assertEquals("round-robin", Words.nearest("ROUND_ROBIN", KNOWN));
        assertEquals("dns", Words.nearest("dsn", KNOWN));
    }

    @Test
    void suggestsNothingFarFetched() {
        assertNull(Words.nearest("kubernetes", KNOWN));
        assertNull(Words.nearest("", KNOWN));
        assertEquals("known: none", Words.didYouMean("x", List.of()));
    }
}
