package io.ambassador.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Asks a running sidecar's admin address. */
final class AdminClient {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** An answer, whatever its status. */
    record Answer(int status, String body) {}

    private final String address;

    /** @param address {@code host:port}, or a port of loopback */
    AdminClient(String address) {
        this.address = address.matches("\\d+") ? "127.0.0.1:" + address : address;
    }

    Answer get(String path) throws CommandFailure {
        return ask("GET", path, TIMEOUT);
    }

    Answer post(String path) throws CommandFailure {
        return ask("POST", path, TIMEOUT);
    }

    /** @param patience with an answer that takes a while */
    Answer post(String path, Duration patience) throws CommandFailure {
        return ask("POST", path, patience);
    }

    String address() {
        return address;
    }

    private Answer ask(String method, String path, Duration patience) throws CommandFailure {
        try {
            HttpURLConnection connection = (HttpURLConnection)
                    URI.create("http://" + address + path).toURL().openConnection(Proxy.NO_PROXY);
            connection.setConnectTimeout((int) TIMEOUT.toMillis());
            connection.setReadTimeout((int) patience.toMillis());
            connection.setInstanceFollowRedirects(false);
            connection.setRequestMethod(method);
            int status = connection.getResponseCode();
            try (InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                return new Answer(status, body == null ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8));
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandFailure("The admin address " + address + " does not answer: " + e.getMessage()
                    + ". Is a sidecar running there? --admin names another.");
        }
    }
}
