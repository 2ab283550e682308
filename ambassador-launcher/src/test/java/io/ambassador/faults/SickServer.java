package io.ambassador.faults;

import io.ambassador.testkit.LoopbackServer;
import java.io.BufferedInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** Serves as an {@link EchoBackend} does, and answers HTTP probes as it is told to, whether it serves or not. */
final class SickServer extends LoopbackServer {
    private final int number;
    private volatile boolean sick;

    private SickServer(int number) {
        super(bind());
        this.number = number;
    }

    static SickServer start(int number) {
        SickServer server = new SickServer(number);
        server.accept();
        return server;
    }

    /** Whether probes are answered with 503 instead of 200. */
    void sick(boolean sick) {
        this.sick = sick;
    }

    @Override
    protected void serve(Socket socket) throws IOException {
        BufferedInputStream in = new BufferedInputStream(socket.getInputStream());
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        if (speaksFirst(socket, in)) {
            String status = sick ? "503 Sick" : "200 OK";
            out.write(("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            return;
        }
        out.writeInt(number);
        in.transferTo(out);
    }

    /** Probes do; clients wait for the number. */
    private static boolean speaksFirst(Socket socket, InputStream in) throws IOException {
        socket.setSoTimeout(50);
        try {
            in.mark(1);
            boolean spoke = in.read() == 'G';
            in.reset();
            return spoke;
        } catch (SocketTimeoutException silent) {
            return false;
        } finally {
            socket.setSoTimeout(0);
        }
    }
}
