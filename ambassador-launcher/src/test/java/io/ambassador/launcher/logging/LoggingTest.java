package io.ambassador.launcher.logging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.event.KeyValuePair;
import org.slf4j.event.Level;

class LoggingTest {
    private static Event event(String time, Level level, String message, KeyValuePair... values) {
        return new Event(
                Instant.parse(time).toEpochMilli(), level, "ambassador.service.redis", message, List.of(values), null);
    }

    @Test
    void aLineHasTimeLevelLoggerMessageAndKeys() {
        assertEquals(
                "2026-11-22T01:02:03.004Z INFO  service.redis opened endpoint=10.0.0.7:6379 why=\"a \\\"b\\\"\" none=\"\"\n",
                new TextFormat()
                        .format(event(
                                "2026-11-22T01:02:03.004Z",
                                Level.INFO,
                                "opened",
                                new KeyValuePair("endpoint", "10.0.0.7:6379"),
                                new KeyValuePair("why", "a \"b\""),
                                new KeyValuePair("none", ""))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1969-12-31T23:59:59.999Z", "2024-02-29T00:00:00Z", "2038-01-19T03:14:08.100Z"})
    void timesAreThoseOfTheCalendar(String time) {
        String line = new TextFormat().format(event(time, Level.ERROR, "x"));

        assertEquals(Instant.parse(time), Instant.parse(line.substring(0, line.indexOf(' '))));
    }

    @Test
    void whatPeersSendCannotFakeALine() {
        String line = new TextFormat()
                .format(event(
                        "2026-11-22T01:02:03.004Z",
                        Level.WARN,
                        "they said a\r\n2026 ERROR b\u001b[2J\u202e\u2028",
                        new KeyValuePair("k", "x\ny")));

        assertEquals(
                "2026-11-22T01:02:03.004Z WARN  service.redis they said a\\r\\n2026 ERROR b\\u001b[2J\\u202e\\u2028 k=\"x\\ny\"\n",
                line);
    }

    @Test
    void anExceptionIsOnItsLineAndItsStackBelow() {
        RuntimeException thrown = new RuntimeException("a\nb", new IllegalStateException("c"));
        String text = new TextFormat().format(new Event(0, Level.ERROR, "x", "failed", List.of(), thrown));

        assertTrue(
                text.startsWith(
                        "1970-01-01T00:00:00.000Z ERROR x failed exception=\"java.lang.RuntimeException: a\\nb\"\n"),
                text);
        assertTrue(text.contains("\n        at io.ambassador.launcher.logging.LoggingTest."), text);
        assertTrue(text.contains("\n    caused by java.lang.IllegalStateException: c\n"), text);
    }

    @Test
    void jsonIsOneObjectALine() {
        assertEquals(
                "{\"time\":\"2026-11-22T01:02:03.004Z\",\"level\":\"INFO\",\"logger\":\"service.redis\","
                        + "\"message\":\"a \\\"b\\\" \\\\ \\n\\u001b \\ud800 😀\",\"bytes\":12,\"level_\":\"x\"}\n",
                new JsonFormat()
                        .format(event(
                                "2026-11-22T01:02:03.004Z",
                                Level.INFO,
                                "a \"b\" \\ \n\u001b \ud800 😀",
                                new KeyValuePair("bytes", 12),
                                new KeyValuePair("level", "x"))));
    }

    @Test
    void theLongestNameDecidesTheLevel() {
        Levels levels = Levels.parse("warn,service=debug,io.ambassador.service.redis=trace");

        assertEquals(Level.WARN, levels.of("ambassador.launcher"));
        assertEquals(Level.DEBUG, levels.of("ambassador.service.api"));
        assertEquals(Level.TRACE, levels.of("ambassador.service.redis"));
        assertEquals(Level.WARN, levels.of("ambassador.services"));
        assertEquals(Level.WARN, Levels.parse("debug").of("io.netty.util.X"));
        assertEquals(Level.DEBUG, Levels.parse("info,io.netty=debug").of("io.netty.util.X"));
    }

    @Test
    void levelsAreWrittenAsTheyAreRead() {
        assertEquals(
                "warn,io.netty=warn,service=debug",
                Levels.parse(" service = DEBUG , warn").toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    loud              | "loud" is not a level (known: error, warn, info, debug, trace)
                    info,service=debg | "debg" is not a level (did you mean debug? known: error, warn, info, debug, trace)
                    info,             | "" is not a level (known: error, warn, info, debug, trace)
                    """)
    void whatIsNoLevelIsNamed(String levels, String message) {
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, () -> Levels.parse(levels))
                        .getMessage());
    }

    @Test
    void aChangeOfLevelsReachesLoggersThatAreInUse() {
        Logger before = Logging.logger("ambassador.service.live-before");
        try {
            assertFalse(before.isDebugEnabled());

            Logging.setLevels("info,service.live-before=trace,service.live-after=error");

            assertTrue(before.isTraceEnabled());
            assertFalse(Logging.logger("ambassador.service.live-after").isWarnEnabled());
            assertSame(before, Logging.logger("ambassador.service.live-before"));
            assertThrows(IllegalArgumentException.class, () -> Logging.setLevels("error,x=nothing"));
            assertTrue(before.isTraceEnabled(), "a wrong level changes nothing");
        } finally {
            Logging.setLevels(Logging.DEFAULT_LEVELS);
        }
        assertFalse(before.isDebugEnabled());
        assertEquals("info,io.netty=warn", Logging.levels());
    }
}
