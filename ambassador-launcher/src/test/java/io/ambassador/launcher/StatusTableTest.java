package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class StatusTableTest {
    @Test
    void everyEndpointAndEverySourceIsALine() throws Exception {
        StringWriter out = new StringWriter();
        StatusTable.print("""
                {"services":[
                {"name":"redis","listening":["127.0.0.1:6379"],"sources":[],"endpoints":[
                {"address":"10.0.0.7:6379","health":"healthy","role":"primary","weight":1,"activeConnections":3,
                "openedConnections":12,"failures":0,"latencyMillis":0.416,"lastError":null},
                {"address":"10.0.0.8:6379","health":"ejected","role":"unknown","weight":1,"activeConnections":0,
                "openedConnections":2,"failures":5,"latencyMillis":null,"lastError":"refused \\u001b[2J"}]},
                {"name":"api","listening":[],"endpoints":[],"sources":[
                {"name":"srv[0]","state":"unreachable","selected":true,"weight":3,"endpoints":0,"ageSeconds":61.25,
                "changedSeconds":7.0,"failedSeconds":0.4,"stale":true,"lastError":"no such name"},
                {"name":"file[1]","state":"waiting","selected":false,"weight":1,"endpoints":0,"ageSeconds":null,
                "changedSeconds":null,"failedSeconds":null,"stale":false,"lastError":null}]}]}
                """, new PrintWriter(out));

        assertEquals("""
                SERVICE  LISTENING       ENDPOINT       HEALTH   ROLE     WEIGHT  OPEN  OPENED  FAILURES  LATENCY  LAST ERROR
                redis    127.0.0.1:6379  10.0.0.7:6379  healthy  primary  1       3     12      0         0.42 ms  -
                                         10.0.0.8:6379  ejected  unknown  1       0     2       5         -        refused ?[2J
                api                      none           -        -        -       -     -       -         -        no such name

                SERVICE  SOURCE   STATE        STALE  IN USE  WEIGHT  ENDPOINTS  ANSWERED  CHANGED  FAILED   LAST ERROR
                api      srv[0]   unreachable  yes    yes     3       0          61 s ago  7 s ago  0 s ago  no such name
                api      file[1]  waiting      no     no      1       0          -         -        -        -
                """, out.toString());
    }

    @Test
    void whatIsNotJsonIsSaidSo() {
        assertThrows(CommandFailure.class, () -> StatusTable.print("<html>", new PrintWriter(new StringWriter())));
    }
}
