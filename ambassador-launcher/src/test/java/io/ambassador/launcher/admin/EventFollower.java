package io.ambassador.launcher.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;

/** A client of {@code /api/events} that reads when it is asked to, through a small window. */
final class EventFollower implements AutoCloseable {
    record Told(String id, String kind, String data) {}

    private final Socket socket = new Socket();
    private final BufferedReader in;

    /** @param header one more of the request's; empty for none */
    EventFollower(SocketAddress server, String header) throws IOException {
        socket.setReceiveBufferSize(4_096);
        socket.connect(server);
        socket.setSoTimeout(30_000);
        String request =
                "GET /api/events HTTP/1.1\r\nHost: localhost\r\n" + (header.isEmpty() ? "" : header + "\r\n") + "\r\n";
        socket.getOutputStream().write(request.getBytes(UTF_8));
        in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8), 16);
        await("retry: 1000");
    }

    void awaitHeartbeat() throws IOException {
        await(":");
    }

    private void await(String line) throws IOException {
        String read = line();
        while (!read.equals(line)) {
            read = line();
        }
    }

    Told next() throws IOException {
        String id = after("id: ");
        String kind = after("event: ");
        return new Told(id, kind, after("data: "));
    }

    private String after(String name) throws IOException {
        String read = line();
        while (!read.startsWith(name)) {
            read = line();
        }
        return read.substring(name.length());
    }

    private String line() throws IOException {
        String line = in.readLine();
        if (line == null) {
            throw new IOException("the stream has ended");
        }
        return line;
    }

    /** Whether there is an end, however much comes before it. */
    boolean ends() throws IOException {
        try {
            while (in.readLine() != null) {
                // was on its way
            }
        } catch (SocketException reset) {
            return true;
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
