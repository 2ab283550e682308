package io.ambassador.listener;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.SocketFile;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.EchoServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is found where a socket is to be. */
class UnixSocketTest {
    @TempDir
    private Path directory;

    private static Ambassador serve(Path socket, EchoServer echo) throws Exception {
        return Ambassador.builder()
                .service(
                        "echo",
                        s -> s.listen("unix:" + socket).discover(listener -> {
                            listener.onState(new EndpointState.Known(Set.of(echo.endpoint())));
                            return () -> {};
                        }))
                .start();
    }

    private static ServerSocketChannel bind(Path socket) throws Exception {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
    }

    @Test
    void aSocketThatADeadProcessLeftIsReplaced() throws Exception {
        Path socket = directory.resolve("s");
        bind(socket).close();
        assertTrue(Files.exists(socket));
        try (EchoServer echo = EchoServer.start();
                Ambassador ambassador = serve(socket, echo);
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            assertEquals(1, ambassador.addresses("echo").size());
            client.write(ByteBuffer.wrap(new byte[] {7}));
            ByteBuffer answer = ByteBuffer.allocate(1);
            assertEquals(1, client.read(answer));
            assertEquals(7, answer.get(0));
        }
    }

    @Test
    void aSocketThatALiveProcessServesIsLeftToIt() throws Exception {
        Path socket = directory.resolve("s");
        try (ServerSocketChannel live = bind(socket);
                EchoServer echo = EchoServer.start()) {
            AmbassadorException refused = assertThrows(AmbassadorException.class, () -> serve(socket, echo));
            assertTrue(refused.getMessage().contains("another process is listening there"), refused.getMessage());
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket));
                    SocketChannel served = live.accept();
                    SocketChannel again = live.accept()) {
                assertTrue(client.isConnected() && served.isConnected() && again.isOpen());
            }
        }
    }

    @Test
    void aFileThatIsNoSocketIsLeftAlone() throws Exception {
        Path file = Files.writeString(directory.resolve("s"), "precious");
        try (EchoServer echo = EchoServer.start()) {
            AmbassadorException refused = assertThrows(AmbassadorException.class, () -> serve(file, echo));
            assertTrue(refused.getMessage().contains("not a socket"), refused.getMessage());
        }
        assertEquals("precious", Files.readString(file));
    }

    @ParameterizedTest
    @CsvSource({"rwx------, false", "rwxr-xr-x, false", "rwxrwx---, true", "rwxrwxrwx, true"})
    void aDirectoryThatOthersMayWriteToIsWarnedAbout(String mode, boolean warned) throws Exception {
        Path open = Files.createDirectory(directory.resolve("d"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString(mode));
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, UTF_8));
        try (EchoServer echo = EchoServer.start();
                Ambassador ambassador = serve(open.resolve("s"), echo)) {
            assertEquals(1, ambassador.addresses("echo").size());
        } finally {
            System.setErr(before);
        }
        assertEquals(warned, log.toString(UTF_8).contains("Others may put a socket of their own"), log.toString(UTF_8));
    }

    @Test
    void theStickyBitIsEnough() {
        assertFalse(SocketFile.isOpenToOthers(Path.of("/tmp/s")));
    }
}
