package io.ambassador.explain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccessLoggerTest {
    @Test
    void writesTheConnectionsThatAreWanted() {
        assertEquals(2, lines(AccessLog.ON).size());
        assertEquals(0, lines(AccessLog.OFF).size());

        List<String> failures = lines(AccessLog.FAILURES);
        assertEquals(1, failures.size());
        assertTrue(failures.get(0).contains("ambassador.access"), failures.get(0));
        assertTrue(failures.get(0).contains("idle"), failures.get(0));
        assertTrue(failures.get(0).contains("service=redis"), failures.get(0));
        assertTrue(failures.get(0).contains("code=ARi"), failures.get(0));
    }

    /** Of a connection that ended well, and one that did not. */
    private static List<String> lines(AccessLog which) {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, UTF_8));
        try {
            ServiceJournal journal = new ServiceJournal(new Journal(), "redis", which);
            journal.ended(connection(EndReason.COMPLETED));
            journal.ended(connection(EndReason.IDLE));
            return log.toString(UTF_8).lines().toList();
        } finally {
            System.setErr(before);
        }
    }

    private static ConnectionRecord connection(EndReason reason) {
        Trail trail = new Trail("redis", new InetSocketAddress("127.0.0.1", 1));
        trail.enter(Phase.RELAY);
        return trail.end(reason, "", 0, 0);
    }
}
