package io.ambassador.launcher;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.Ports;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdminClientTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes";

    /** Answers one connection with {@code answer}, in two parts, and tells what it was asked. */
    private static CompletableFuture<String> answering(ServerSocket server, String answer) {
        return CompletableFuture.supplyAsync(() -> {
            try (Socket socket = server.accept()) {
                byte[] asked = new byte[4096];
                int length = 0;
                while (!new String(asked, 0, length, ISO_8859_1).endsWith("\r\n\r\n")) {
                    length += socket.getInputStream().read(asked, length, asked.length - length);
                }
                int half = answer.length() / 2;
                socket.getOutputStream().write(answer.substring(0, half).getBytes(ISO_8859_1));
                socket.getOutputStream().flush();
                socket.getOutputStream().write(answer.substring(half).getBytes(ISO_8859_1));
                return new String(asked, 0, length, ISO_8859_1);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    private static ServerSocket server() throws IOException {
        return new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
    }

    @Test
    void asksWithItsTokenWhichIsWiped() throws Exception {
        byte[] token = "s3cret".getBytes(US_ASCII);
        try (ServerSocket server = server()) {
            CompletableFuture<String> asked = answering(server, OK);
            AdminClient client = new AdminClient(Integer.toString(server.getLocalPort()), () -> token);

            assertEquals("yes", client.command("/api/drain"));

            assertEquals(
                    "POST /api/drain HTTP/1.1\r\nHost: 127.0.0.1:" + server.getLocalPort()
                            + "\r\nConnection: close\r\nContent-Length: 0\r\nAuthorization: Bearer s3cret\r\n\r\n",
                    asked.get(30, TimeUnit.SECONDS));
            assertArrayEquals(new byte[6], token);
        }
    }

    @Test
    void everyAddressIsAskedOnLoopback() throws Exception {
        try (ServerSocket server = server()) {
            CompletableFuture<String> asked = answering(server, OK);

            AdminClient.Answer answer = new AdminClient("*:" + server.getLocalPort(), () -> null).get("/livez");

            assertEquals(new AdminClient.Answer(200, "yes"), answer);
            assertTrue(asked.get(30, TimeUnit.SECONDS).contains("Host: 127.0.0.1:"));
        }
    }

    @Test
    void asksOverAUnixSocket(@TempDir Path folder) throws Exception {
        Path socket = folder.resolve("s");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            CompletableFuture<String> asked = CompletableFuture.supplyAsync(() -> {
                try (SocketChannel client = server.accept()) {
                    ByteBuffer in = ByteBuffer.allocate(4096);
                    client.read(in);
                    client.write(ByteBuffer.wrap(OK.getBytes(US_ASCII)));
                    return new String(in.array(), 0, in.position(), US_ASCII);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });

            assertEquals(
                    "yes",
                    new AdminClient("unix:" + socket, () -> null).get("/livez").body());
            assertEquals(
                    "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                    asked.get(30, TimeUnit.SECONDS));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nyes",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\n",
                "-ERR unknown command 'GET'\r\n\r\n",
                "  "
            })
    void whatIsNoWholeAnswerIsNone(String answer) throws Exception {
        try (ServerSocket server = server()) {
            CompletableFuture<String> asked = answering(server, answer);
            AdminClient client = new AdminClient("127.0.0.1:" + server.getLocalPort(), () -> null);

            CommandFailure failure = assertThrows(CommandFailure.class, () -> client.get("/livez"));

            assertTrue(failure.getMessage().contains("127.0.0.1:" + server.getLocalPort() + " does not answer: "));
            asked.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void aRefusalIsAFailureWithItsReason() throws Exception {
        try (ServerSocket server = server()) {
            CompletableFuture<String> asked =
                    answering(server, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 8\r\n\r\nno token");
            AdminClient client = new AdminClient("127.0.0.1:" + server.getLocalPort(), () -> null);

            CommandFailure failure = assertThrows(CommandFailure.class, () -> client.command("/api/drain"));

            assertTrue(failure.getMessage().endsWith("refused: HTTP 401 no token"), failure.getMessage());
            asked.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void silenceIsNotWaitedForForEver() throws Exception {
        try (ServerSocket server = server()) {
            AdminClient client = new AdminClient("127.0.0.1:" + server.getLocalPort(), () -> null);

            CommandFailure failure =
                    assertThrows(CommandFailure.class, () -> client.command("/x", Duration.ofMillis(100)));

            assertTrue(failure.getMessage().contains("no answer in time"), failure.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:PORT", "unix:/nosuch/socket", "nosuch.invalid:1", "nonsense", "unix:"})
    void whoDoesNotAnswerIsNamed(String address) {
        String named = address.replace("PORT", Integer.toString(Ports.free()));

        CommandFailure failure =
                assertThrows(CommandFailure.class, () -> new AdminClient(named, () -> null).get("/livez"));

        assertTrue(failure.getMessage().contains(named), failure.getMessage());
        assertTrue(!failure.getMessage().contains("null"), failure.getMessage());
    }
}
