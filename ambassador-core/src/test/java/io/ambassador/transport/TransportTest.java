package io.ambassador.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannelConfig;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What both sides of a connection over loopback are set to. */
class TransportTest {
    private static final Path CONGESTION = Path.of("/proc/sys/net/ipv4/tcp_congestion_control");
    private static final ChannelOption<ByteBuffer> NAME = new RawUnixChannelOption("TCP_CONGESTION", 6, 13, 16);

    private final Transport transport = Transport.start(1);
    private Channel accepted;
    private Channel dialled;

    @BeforeEach
    void connect() throws Exception {
        CompletableFuture<Channel> coming = new CompletableFuture<>();
        Channel listener = transport.bind(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null, new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        coming.complete(channel);
                    }
                });
        listener.config().setAutoRead(true);
        int port = ((InetSocketAddress) listener.localAddress()).getPort();
        dialled = transport
                .connect(
                        transport.next(),
                        Endpoint.of("127.0.0.1", port),
                        Duration.ofSeconds(10),
                        null,
                        new ChannelInboundHandlerAdapter())
                .sync()
                .channel();
        accepted = coming.get(10, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() {
        transport.close();
    }

    /** What waits for an acknowledgement, small, after something small, would wait for 40 ms. */
    @Test
    void neitherSideHoldsSmallPiecesBack() {
        assertTrue(((SocketChannelConfig) dialled.config()).isTcpNoDelay());
        assertTrue(((SocketChannelConfig) accepted.config()).isTcpNoDelay());
    }

    /** Where the system's default is BBR, both sides are told; elsewhere they have that default. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void neitherSideIsPaced() throws Exception {
        assertEquals("epoll", transport.name());
        String systems = Files.readString(CONGESTION).strip();
        String expected = systems.startsWith("bbr") ? "reno" : systems;

        assertEquals(expected, congestionControl(dialled));
        assertEquals(expected, congestionControl(accepted));
    }

    private static String congestionControl(Channel channel) {
        byte[] name = new byte[16];
        channel.config().getOption(NAME).get(name);
        return new String(name, StandardCharsets.US_ASCII).split("\0", 2)[0];
    }
}
