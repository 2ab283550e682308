package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class StatusTableTest {
    @Test
    void everyEndpointIsALine() throws Exception {
        StringWriter out = new StringWriter();
        StatusTable.print("""
                {"services":[
                {"name":"redis","listening":["127.0.0.1:6379"],"sources":[],"endpoints":[
                {"address":"10.0.0.7:6379","health":"healthy","role":"primary","weight":1,"activeConnections":3,
                "openedConnections":12,"failures":0,"latencyMillis":0.416,"lastError":null},
                {"address":"10.0.0.8:6379","health":"ejected","role":"unknown","weight":1,"activeConnections":0,
                "openedConnections":2,"failures":5,"latencyMillis":null,"lastError":"refused \\u001b[2J"}]},
                {"name":"api","listening":[],"endpoints":[],"sources":[{"lastError":"no such name"}]}]}
                """, new PrintWriter(out));

        assertEquals("""
                SERVICE  LISTENING       ENDPOINT       HEALTH   ROLE     WEIGHT  OPEN  OPENED  FAILURES  LATENCY  LAST ERROR
                redis    127.0.0.1:6379  10.0.0.7:6379  healthy  primary  1       3     12      0         0.42 ms  -
                                         10.0.0.8:6379  ejected  unknown  1       0     2       5         -        refused ?[2J
                api                      none           -        -        -       -     -       -         -        no such name
                """, out.toString());
    }

    @Test
    void whatIsNotJsonIsSaidSo() {
        assertThrows(CommandFailure.class, () -> StatusTable.print("<html>", new PrintWriter(new StringWriter())));
    }
}
