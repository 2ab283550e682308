package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.auth.InPieces;
import io.ambassador.auth.InPieces.Transcript;
import io.ambassador.service.Credentials;
import io.ambassador.service.HealthSpec;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.FaultRelay;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A session with a real server is the same, byte for byte, when every byte of it travels alone. */
class RedisInPiecesIT {
    private static final String PASSWORD = "s3cret p\u00e4ss";

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"off", "on"})
    void pipelinedCommandsAreAnsweredTheSame(String guard) throws Exception {
        Path file = Files.createFile(
                directory.resolve("password"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, PASSWORD);
        try (RedisServer redis = RedisServer.withPassword(PASSWORD);
                FaultRelay wire = FaultRelay.to(redis.port());
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "redis",
                                service -> service.listen("127.0.0.1", 0)
                                        .protocol("redis", Map.of("guard", guard))
                                        .credentials(Credentials.file(null, file))
                                        .health(HealthSpec.DEFAULT.withProbe(null))
                                        .discover(listener -> {
                                            listener.onState(new EndpointState.Known(
                                                    Set.of(Endpoint.of("127.0.0.1", wire.port()))));
                                            return () -> {};
                                        }))
                        .start()) {
            await().until(ambassador::isReady);
            Transcript whole = InPieces.session(ambassador.address("redis"), wire, 0, pipelined());
            Transcript pieces = InPieces.session(ambassador.address("redis"), wire, 1, pipelined());

            String heard = comparable(whole.toClient());
            assertTrue(heard.startsWith("+OK\r\n%7\r\n$6\r\nserver\r\n"), heard);
            assertTrue(heard.endsWith("$5\r\nvalue\r\n:1\r\n+OK\r\n"), heard);
            assertEquals(heard, comparable(pieces.toClient()));
            String told = new String(whole.toServer(), UTF_8);
            assertEquals(told, new String(pieces.toServer(), UTF_8));
            // The service's password, then the client's words but for its own.
            assertTrue(told.startsWith("*2\r\n$4\r\nAUTH\r\n$12\r\n" + PASSWORD + "\r\n*4\r\n$5\r\nHELLO\r\n"), told);
            assertEquals(1, told.split("AUTH", -1).length - 1, told);
            assertEquals(0, told.split("theirs", -1).length - 1, told);
        }
    }

    private static byte[] pipelined() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (String[] command : new String[][] {
            {"AUTH", "them", "theirs"},
            {"HELLO", "3", "AUTH", "them", "theirs", "SETNAME", "pieces"},
            {"CLIENT", "SETINFO", "LIB-NAME", "pieces"},
            {"CLIENT", "MAINT_NOTIFICATIONS", "ON"},
            {"SET", "key", "value"},
            {"NOSUCH", "command"},
            {"MULTI"},
            {"INCR", "count"},
            {"EXEC"},
            {"GET", "key"},
            {"DEL", "count"},
            {"QUIT"}
        }) {
            all.writeBytes(RespClient.encode(command));
        }
        return all.toByteArray();
    }

    /** But for the number that the server gives the connection. */
    private static String comparable(byte[] heard) {
        return new String(heard, UTF_8).replaceFirst("\\$2\r\nid\r\n:\\d+\r\n", "id");
    }
}
