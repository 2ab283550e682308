package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.RespClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RedisBackendTest {
    private final Passwords passwords = new Passwords();
    private final RedisBackend backend = new RedisBackend("redis-a", passwords, new RedisData());
    private final Password password = Password.random();

    RedisBackendTest() throws IOException {}

    @BeforeEach
    void start() throws IOException {
        passwords.add(password);
        backend.start();
    }

    @AfterEach
    void close() throws IOException {
        backend.close();
    }

    @Test
    void answersNothingBeforeALogin() {
        try (RespClient client = RespClient.connect(backend.address())) {
            assertEquals("NOAUTH", code(client, "GET", "a"));
            assertEquals("NOAUTH", code(client, "HELLO", "3"));
            assertEquals("WRONGPASS", code(client, "AUTH", "app", "guess"));
            assertEquals("WRONGPASS", code(client, "AUTH", "somebody", text(password)));
            assertEquals("NOAUTH", code(client, "PING"));
            assertEquals("OK", client.command("AUTH", "app", text(password)));
            assertEquals("PONG", client.command("PING"));
        }
    }

    @Test
    void logsInWithThePasswordAloneAndWithHello() {
        try (RespClient client = RespClient.connect(backend.address())) {
            assertEquals("OK", client.command("AUTH", text(password)));
        }
        try (RespClient client = RespClient.connect(backend.address())) {
            Object reply = client.command("HELLO", "2", "AUTH", "app", text(password), "SETNAME", "me");
            assertTrue(((List<?>) reply).contains("proto"), reply::toString);
            assertEquals("me", client.command("CLIENT", "GETNAME"));
        }
    }

    @Test
    void keepsValues() {
        try (RespClient client = loggedIn()) {
            assertNull(client.command("GET", "visits"));
            assertEquals(1L, client.command("INCR", "visits"));
            assertEquals(2L, client.command("INCR", "visits"));
            assertEquals("2", client.command("GET", "visits"));
            assertEquals("OK", client.command("SET", "name", "x"));
            assertEquals("ERR", code(client, "INCR", "name"));
            assertEquals(2L, client.command("DBSIZE"));
            assertEquals("ERR", code(client, "GET"));
            assertEquals("ERR", code(client, "FLUSHALL"));
            assertEquals("hi", client.command("ECHO", "hi"));
            assertEquals(List.of("master", 0L, List.of()), client.command("ROLE"));
            assertTrue(client.command("INFO").toString().contains("server_name:redis-a"));
            assertEquals("OK", client.command("QUIT"));
        }
    }

    @Test
    void keepsABoundedNumberOfKeys() {
        try (RespClient client = loggedIn()) {
            for (int i = 0; i < RedisData.MAX_KEYS; i++) {
                client.command("SET", "key" + i, "");
            }
            assertEquals("OOM", code(client, "SET", "one more", ""));
            assertEquals("ERR", code(client, "INCR", "one more"));
            assertEquals("OK", client.command("SET", "key0", "changed"));
        }
    }

    @Test
    void takesTwoPasswordsUntilOneIsRetired() {
        Password next = Password.random();
        passwords.add(next);
        try (RespClient client = RespClient.connect(backend.address())) {
            assertEquals("OK", client.command("AUTH", "app", text(password)));
            assertEquals("OK", client.command("AUTH", "app", text(next)));
        }

        passwords.keepOnly(next);

        try (RespClient client = RespClient.connect(backend.address())) {
            assertEquals("WRONGPASS", code(client, "AUTH", "app", text(password)));
            assertEquals("OK", client.command("AUTH", "app", text(next)));
        }
    }

    @Test
    void cutsOffWhatIsOutOfBounds() {
        try (RespClient client = loggedIn()) {
            client.send("SET", "big", "x".repeat(100_000));
            assertThrows(UncheckedIOException.class, client::reply);
        }
    }

    private RespClient loggedIn() {
        RespClient client = RespClient.connect(backend.address());
        client.command("AUTH", "app", text(password));
        return client;
    }

    private static String code(RespClient client, String... command) {
        String message = assertThrows(RespClient.ErrorReply.class, () -> client.command(command))
                .getMessage();
        return message.split(" ")[0];
    }

    private static String text(Password password) {
        return new String(password.reveal(), US_ASCII);
    }
}
