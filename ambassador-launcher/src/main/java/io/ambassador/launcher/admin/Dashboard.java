package io.ambassador.launcher.admin;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;

/** The page at {@code /}. It may run its own script and style, by their hashes, and ask this address; nothing else. */
final class Dashboard {
    private static final Reply PAGE = load();

    private Dashboard() {}

    static Reply page() {
        return PAGE;
    }

    private static Reply load() {
        try (InputStream resource = Dashboard.class.getResourceAsStream("dashboard.html")) {
            if (resource == null) {
                throw new FileNotFoundException("dashboard.html");
            }
            byte[] page = resource.readAllBytes();
            String html = new String(page, StandardCharsets.UTF_8);
            String policy = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none';"
                    + " form-action 'none'; script-src " + hash(html, "script") + "; style-src " + hash(html, "style");
            return new Reply(
                    HttpResponseStatus.OK, "text/html; charset=utf-8", page, Map.of("Content-Security-Policy", policy));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(String html, String element) {
        int begin = html.indexOf("<" + element + ">") + element.length() + 2;
        String content = html.substring(begin, html.indexOf("</" + element + ">"));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
