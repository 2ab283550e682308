package io.ambassador.discovery.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.support.EndpointEntry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointsFormatTest {
    private static List<EndpointEntry> parse(String text) {
        return EndpointsFormat.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void readsJson() {
        assertEquals(
                List.of(
                        new EndpointEntry("10.0.0.1", 6379, 2, 0, Map.of()),
                        new EndpointEntry("::1", 6379, 1, 0, Map.of()),
                        new EndpointEntry("r.example.com", 6380, 5, 1, "a", Set.of("x", "y"), Map.of("rack", "7"))),
                parse("""
                        [ "10.0.0.1:6379;weight=2", "[0:0::1]:6379",
                          { "host": "r.example.com", "port": 6380, "weight": 5, "priority": 1,
                            "zone": "a", "tags": ["x", "y", "x"], "metadata": { "rack": 7 } } ]
                        """));
        assertEquals(List.of(), parse("[]"));
    }

    @Test
    void readsLines() {
        assertEquals(
                List.of(
                        new EndpointEntry("10.0.0.1", 6379, 2, 1, Map.of()),
                        new EndpointEntry("::1", 6379, 1, 0, Map.of())),
                parse("# the pair\r\n\n10.0.0.1:6379  weight=2 priority=1 # main\r\n[::1]:6379\n"));
    }

    @Test
    void everyBeginningOfAFileIsWrong() {
        for (String whole : List.of("[\"10.0.0.1:6379\", {\"host\": \"h\", \"port\": 1}]", "10.0.0.1:63790\n")) {
            for (int end = 0; end < whole.length(); end++) {
                String half = whole.substring(0, end);
                assertThrows(IllegalArgumentException.class, () -> parse(half), half);
            }
            parse(whole);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[ {\"host\": \"h\", \"port\": 1, \"wieght\": 2} ] | did you mean weight?",
                "[ {\"port\": 1} ] | host",
                "[ {\"host\": \"h\"} ] | port",
                "[ {\"host\": \"h\", \"port\": 1, \"port\": 2} ] | uplicate",
                "[ {\"host\": \"h\", \"port\": 99999999999} ] | line 1",
                "[ {\"host\": \"h\", \"port\": \"1\"} ] | whole number",
                "[ 1 ] | expected",
                "[ null ] | expected",
                "[ \"h\" ] | no port",
                "[ \"h:1\" ] x | line 1",
                "{ } | array",
            })
    void saysWhatIsWrong(String text, String expected) {
        IllegalArgumentException wrong = assertThrows(IllegalArgumentException.class, () -> parse(text));
        assertTrue(String.valueOf(wrong.getMessage()).contains(expected), wrong.getMessage());
    }

    @Test
    void deepNestingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> parse("[".repeat(100_000)));
        assertThrows(
                IllegalArgumentException.class,
                () -> parse("[{\"host\":\"h\",\"metadata\":" + "{\"a\":".repeat(100_000)));
    }

    @Test
    void tooManyEndpointsAreRefused() {
        String many = "10.0.0.1:1\n".repeat(EndpointsFormat.MAX_ENTRIES);
        assertEquals(EndpointsFormat.MAX_ENTRIES, parse(many).size());
        assertThrows(IllegalArgumentException.class, () -> parse(many + "10.0.0.1:1\n"));
    }
}
