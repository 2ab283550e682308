package io.ambassador.health;

import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.testkit.ProbeContract;
import io.ambassador.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

class HttpProbeTest extends ProbeContract {
    @Override
    protected ProbeProvider<?> provider() {
        return new HttpProbeProvider();
    }

    @Override
    protected void answer(ScriptedServer.Connection connection) throws IOException {
        String head = "";
        while (!head.endsWith("\r\n\r\n")) {
            int next = connection.in().read();
            if (next < 0) {
                return;
            }
            head += (char) next;
        }
        connection.out().write("HTTP/1.1 200 OK\r\nServer: test\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }
}
