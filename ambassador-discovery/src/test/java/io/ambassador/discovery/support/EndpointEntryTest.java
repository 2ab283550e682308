package io.ambassador.discovery.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointEntryTest {
    @ParameterizedTest
    @CsvSource({
        "::1, ::1",
        "0:0:0:0:0:0:0:0, ::",
        "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "fe80::, fe80::",
        "::ffff:10.0.0.1, 10.0.0.1",
        "10.0.0.1, 10.0.0.1",
    })
    void addressesHaveOneSpelling(String written, String canonical) {
        assertEquals(canonical, IpAddresses.canonical(written));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"10.0.0", "10.0.0.256", "010.0.0.1", "1", "localhost", "::g", ":::", "1:2", "fe80::1%lo", "", "."
            })
    void otherTextIsNoAddress(String text) {
        assertNull(IpAddresses.canonical(text));
    }

    @Test
    void readsAddressesAndNames() {
        assertEquals(new EndpointEntry("10.0.0.1", 1, 1, 0, Map.of()), EndpointEntry.parse("10.0.0.1:1"));
        assertEquals(new EndpointEntry("::1", 1, 2, 3, Map.of()), EndpointEntry.parse("[::1]:1; priority=3 ;weight=2"));
        assertEquals(
                new EndpointEntry("a_b.c-d.", 65_535, 0, 0, Map.of()), EndpointEntry.parse("a_b.c-d.:65535;weight=0"));
        assertEquals(
                new EndpointEntry("h", 1, 1, 0, "eu-1a", Set.of("blue", "v2"), Map.of()),
                EndpointEntry.parse("h:1;zone=eu-1a;tag=blue;tag=v2"));
    }

    @Test
    void refusesEverythingElse() {
        for (String wrong : List.of(
                "",
                ":1",
                "h",
                "h:",
                "h:0",
                "h:65536",
                "h:1;",
                "h:1;weight",
                "h:1;weight=-1",
                "h:1;weight=1000001",
                "h:1;priority=-1",
                "h:1;color=red",
                "h:1;zone=",
                "h:1;tag",
                "::1:1",
                "[::1:1",
                "[::1]",
                "h h:1",
                "-h:1",
                "h..i:1",
                ".:1",
                "1.2.3:1",
                "h.5:1",
                "a".repeat(64) + ":1",
                "ä.example:1",
                "h:1,h:2",
                "10.0.0.300:1")) {
            assertThrows(IllegalArgumentException.class, () -> EndpointEntry.parse(wrong), wrong);
        }
    }
}
