package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.Ports;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StatusWatchTest {
    private final StringWriter written = new StringWriter();
    private final PrintWriter out = new PrintWriter(written);
    private ServerSocket server;
    private volatile String body = "{\"ready\":true,\"draining\":false,\"services\":[]}";

    @BeforeEach
    void serve() throws IOException {
        server = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
        Thread thread = new Thread(
                () -> {
                    while (true) {
                        try (Socket socket = server.accept()) {
                            socket.getInputStream().read(new byte[1024]);
                            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                            String head = "HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length + "\r\n\r\n";
                            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
                            socket.getOutputStream().write(bytes);
                        } catch (IOException closed) {
                            return;
                        }
                    }
                },
                "admin");
        thread.setDaemon(true);
        thread.start();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    private AdminClient client() {
        return new AdminClient(Integer.toString(server.getLocalPort()), () -> null);
    }

    @Test
    void aFileGetsOneTableAfterTheOther() {
        StatusWatch watch = new StatusWatch(client(), out, false, false);
        assertTrue(watch.show());
        body = "{\"ready\":true,\"draining\":true,\"services\":[]}";
        assertTrue(watch.show());

        String[] lines = written.toString().split("\n");
        assertEquals(5, lines.length, written::toString);
        assertTrue(lines[0].matches("\\d\\d:\\d\\d:\\d\\d ready"), lines[0]);
        assertTrue(lines[1].startsWith("SERVICE  LISTENING"), lines[1]);
        assertEquals("", lines[2]);
        assertTrue(lines[3].endsWith(" draining"), lines[3]);
        assertFalse(written.toString().contains("\u001b"));
    }

    @Test
    void aTerminalIsDrawnOverWithWhatIsShorterErased() {
        StatusWatch watch = new StatusWatch(client(), out, false, true);
        assertTrue(watch.show());
        assertTrue(watch.show());

        String[] frames = written.toString().split("\u001b\\[H");
        assertEquals(3, frames.length);
        assertEquals("\u001b[2J", frames[0]);
        for (int i = 1; i < 3; i++) {
            assertTrue(frames[i].endsWith("\u001b[K\n\u001b[J"), frames[i]);
            assertTrue(frames[i].contains(" ready\u001b[K\n"), frames[i]);
        }
    }

    @Test
    void jsonIsALineEach() {
        StatusWatch watch = new StatusWatch(client(), out, true, false);
        watch.show();
        watch.show();

        assertEquals((body + "\n").repeat(2), written.toString());
    }

    @Test
    void aSidecarThatIsGoneMayComeBack() {
        int port = Ports.free();
        StatusWatch watch = new StatusWatch(new AdminClient(Integer.toString(port), () -> null), out, false, false);

        assertTrue(watch.show());
        assertTrue(written.toString().contains(port + " does not answer: "), written::toString);
    }

    @Test
    void whatIsNotJsonIsSaidSo() {
        body = "<html>";

        assertTrue(new StatusWatch(client(), out, false, false).show());
        assertTrue(written.toString().contains("is not JSON"), written::toString);
    }

    @Test
    void itEndsWhenNobodyReads() {
        PrintWriter broken = new PrintWriter(new Writer() {
            @Override
            public void write(char[] text, int from, int length) throws IOException {
                throw new IOException("Broken pipe");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        });

        assertFalse(new StatusWatch(client(), broken, false, false).show());
    }
}
