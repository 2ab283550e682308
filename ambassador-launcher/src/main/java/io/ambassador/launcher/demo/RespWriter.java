package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Writes RESP values in the version that the client asked for. */
final class RespWriter {
    private final OutputStream out;
    private boolean resp3;

    RespWriter(OutputStream out) {
        this.out = out;
    }

    void useResp3(boolean wanted) {
        resp3 = wanted;
    }

    void simple(String text) throws IOException {
        line("+" + text);
    }

    void error(String text) throws IOException {
        line("-" + text);
    }

    void integer(long number) throws IOException {
        line(":" + number);
    }

    void array(int length) throws IOException {
        line("*" + length);
    }

    void map(int entries) throws IOException {
        line(resp3 ? "%" + entries : "*" + 2 * entries);
    }

    void bulk(String text) throws IOException {
        bulk(text.getBytes(ISO_8859_1));
    }

    void bulk(byte @Nullable [] bytes) throws IOException {
        if (bytes == null) {
            line(resp3 ? "_" : "$-1");
            return;
        }
        line("$" + bytes.length);
        out.write(bytes);
        line("");
    }

    void flush() throws IOException {
        out.flush();
    }

    private void line(String text) throws IOException {
        out.write((text + "\r\n").getBytes(ISO_8859_1));
    }
}
