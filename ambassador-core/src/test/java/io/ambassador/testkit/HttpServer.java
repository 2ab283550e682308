package io.ambassador.testkit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;

/** Answers every HTTP/1.1 request with the response last set, and keeps the requests. Bodies need Content-Length. */
public final class HttpServer extends LoopbackServer {
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile byte[] response = ok("");

    private HttpServer() {
        super(bind());
    }

    public static HttpServer start() {
        HttpServer server = new HttpServer();
        server.accept();
        return server;
    }

    public HttpServer respond(int status, String body) {
        return respondRaw("HTTP/1.1 " + status + " Status\r\nContent-Length: "
                + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body);
    }

    /** Sent as it is, whether it is HTTP or not. */
    public HttpServer respondRaw(String bytes) {
        response = bytes.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    /** Each with its head as received, and its body. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    @Override
    protected void serve(Socket socket) throws IOException {
        InputStream in = new BufferedInputStream(socket.getInputStream());
        while (true) {
            String head = readHead(in);
            if (head.isEmpty()) {
                return;
            }
            String lower = head.toLowerCase(Locale.ROOT);
            requests.add(head + new String(in.readNBytes(contentLength(lower)), StandardCharsets.UTF_8));
            socket.getOutputStream().write(response);
            if (lower.contains("\r\nconnection: close\r\n")) {
                return;
            }
        }
    }

    /** Up to and with the empty line; empty at the end of the stream. */
    private static String readHead(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (true) {
            int next = in.read();
            if (next < 0) {
                return "";
            }
            head.write(next);
            if (next == '\n' && head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
                return head.toString(StandardCharsets.ISO_8859_1);
            }
        }
    }

    private static int contentLength(String head) {
        int at = head.indexOf("\r\ncontent-length:");
        if (at < 0) {
            return 0;
        }
        int from = at + "\r\ncontent-length:".length();
        return Integer.parseInt(head.substring(from, head.indexOf("\r\n", from)).trim());
    }

    private static byte[] ok(String body) {
        return ("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.UTF_8);
    }
}
