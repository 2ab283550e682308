package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;

/** One of the demo's Redis-speaking backends, alone, with a password in a file of its own. */
public final class PracticeRedis implements AutoCloseable {
    /** Whom it lets in. */
    public static final String USER = Passwords.USER;

    private static final int PATIENCE_MILLIS = 5_000;

    private final Passwords passwords = new Passwords();
    private final PasswordFile file;
    private final RedisBackend backend;

    private PracticeRedis() throws IOException {
        file = new PasswordFile();
        backend = new RedisBackend("practice", passwords, new RedisData());
    }

    /** On a free port of loopback. */
    public static PracticeRedis start() throws IOException {
        PracticeRedis redis = new PracticeRedis();
        try (Password password = Password.random()) {
            redis.passwords.add(password);
            redis.file.write(password);
            redis.backend.start();
            return redis;
        } catch (IOException e) {
            redis.close();
            throw e;
        }
    }

    /** {@code 127.0.0.1:port}. */
    public String endpoint() {
        return backend.endpoint();
    }

    public Path passwordFile() {
        return file.path();
    }

    /**
     * Sends PING over a new connection to {@code port} of loopback, and reads what comes back.
     *
     * @throws IOException also if it is not the answer
     */
    public static void ping(int port) throws IOException {
        try (Socket client = new Socket(InetAddress.getByName("127.0.0.1"), port)) {
            client.setSoTimeout(PATIENCE_MILLIS);
            client.getOutputStream().write("*1\r\n$4\r\nPING\r\n".getBytes(US_ASCII));
            String answer = Resp.reply(new BufferedInputStream(client.getInputStream()));
            if (!"PONG".equals(answer)) {
                throw new IOException("PING was answered with " + answer);
            }
        }
    }

    @Override
    public void close() {
        passwords.wipe();
        Closing.all(List.of(backend, file));
    }
}
