package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.Locale;

/** Answers every HTTP/1.1 request without a body with one line that names this backend. */
class HttpBackend extends Server {
    private static final int MAX_HEAD = 16 * 1024;

    HttpBackend(String name) throws IOException {
        super(name);
    }

    @Override
    void serve(Socket client) throws IOException {
        InputStream in = new BufferedInputStream(client.getInputStream());
        while (true) {
            String head = readHead(in);
            if (head.isEmpty()) {
                return;
            }
            boolean last = head.toLowerCase(Locale.ROOT).contains("\r\nconnection: close\r\n");
            String body = "Hello from " + name() + "\n";
            String reply = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + body.length()
                    + (last ? "\r\nConnection: close" : "") + "\r\n\r\n" + body;
            client.getOutputStream().write(reply.getBytes(ISO_8859_1));
            if (last) {
                return;
            }
        }
    }

    /** Up to and with the empty line; empty at the end of the stream. */
    private static String readHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        for (int next = in.read(); next >= 0; next = in.read()) {
            head.append((char) next);
            if (next == '\n'
                    && head.length() >= 4
                    && head.substring(head.length() - 4).equals("\r\n\r\n")) {
                return head.toString();
            }
            if (head.length() > MAX_HEAD) {
                throw new IOException("a request head of more than " + MAX_HEAD + " bytes");
            }
        }
        return "";
    }
}
