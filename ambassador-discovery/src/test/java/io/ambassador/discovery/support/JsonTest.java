package io.ambassador.discovery.support;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void whatIsMissingReadsAsNothing() {
        Json json = Json.parse("{\"a\": {\"b\": [1, \"2\", null, {\"c\": true}]}, \"n\": null}");

        assertEquals("1", json.get("a").get("b").elements().get(0).text());
        assertEquals(4, json.get("a").get("b").elements().size());
        assertFalse(json.get("a").get("b").elements().get(2).exists());
        assertTrue(json.get("a").get("b").elements().get(3).bool("c", false));
        assertEquals("", json.get("x").get("y").text("z"));
        assertEquals(List.of(), json.get("a").elements());
        assertFalse(json.get("n").exists());
        assertFalse(json.get("a").get("b").get("c").exists());
        assertTrue(json.get("a").isObject());
    }

    @Test
    void numbersMayBeText() {
        Json json = Json.parse("{\"a\": 7, \"b\": \"8\", \"c\": \"x\", \"d\": 1.5, \"e\": 99999999999}");

        assertEquals(7, json.integer("a", -1));
        assertEquals(8, json.integer("b", -1));
        assertEquals(-1, json.integer("c", -1));
        assertEquals(-1, json.integer("d", -1));
        assertEquals(-1, json.integer("e", -1));
        assertEquals(Map.of("a", "7", "b", "8", "c", "x", "d", "1.5", "e", "99999999999"), json.texts());
    }

    @Test
    void arraysAreReadOneByOne() {
        List<String> seen = new ArrayList<>();
        Json.forEach(stream("[1, {\"a\": 2}, [3]]"), element -> seen.add(element.toString()));

        assertEquals(List.of("1", "{a=2}", "[3]"), seen);
    }

    @Test
    void halfADocumentIsNone() {
        for (String wrong : List.of("", " ", "{", "[1", "{} {}", "[1] x", "nul", "{\"a\": }")) {
            assertThrows(IllegalArgumentException.class, () -> Json.parse(wrong), wrong);
            assertThrows(IllegalArgumentException.class, () -> Json.parse(stream(wrong)), wrong);
            assertThrows(IllegalArgumentException.class, () -> Json.forEach(stream(wrong), element -> {}), wrong);
        }
        assertThrows(IllegalArgumentException.class, () -> Json.forEach(stream("{}"), element -> {}));
    }

    @Test
    void depthHasAnEnd() {
        assertThrows(IllegalArgumentException.class, () -> Json.parse("[".repeat(100_000)));
    }

    private static ByteArrayInputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(UTF_8));
    }
}
