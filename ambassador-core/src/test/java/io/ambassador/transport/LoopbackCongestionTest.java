package io.ambassador.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class LoopbackCongestionTest {
    private static final Path DEFAULT = Path.of("/proc/sys/net/ipv4/tcp_congestion_control");
    private static final ChannelOption<ByteBuffer> NAME = new RawUnixChannelOption("TCP_CONGESTION", 6, 13, 16);

    @TempDir
    Path folder;

    @Test
    void bbrPacesAndNothingElseDoes() throws Exception {
        Path file = folder.resolve("tcp_congestion_control");
        assertFalse(LoopbackCongestion.paces(file), "cannot be read");
        for (String paces : new String[] {"bbr\n", "bbr3\n"}) {
            assertTrue(LoopbackCongestion.paces(Files.writeString(file, paces)), paces);
        }
        for (String not : new String[] {"cubic\n", "reno\n", "dctcp\n", ""}) {
            assertFalse(LoopbackCongestion.paces(Files.writeString(file, not)), not);
        }
    }

    /** Where the system's default is BBR, both sides are told; elsewhere they have that default. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void neitherSideOfALoopbackConnectionIsPaced() throws Exception {
        String systems = Files.readString(DEFAULT).strip();
        String expected = systems.startsWith("bbr") ? "reno" : systems;
        CompletableFuture<Channel> accepted = new CompletableFuture<>();
        try (Transport transport = Transport.start(1)) {
            assertEquals("epoll", transport.name());
            Channel listener = transport.bind(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    null,
                    new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            accepted.complete(channel);
                        }
                    });
            listener.config().setAutoRead(true);
            int port = ((InetSocketAddress) listener.localAddress()).getPort();
            Channel connected = transport
                    .connect(transport.next(), Endpoint.of("127.0.0.1", port), Duration.ofSeconds(10), null, idle())
                    .sync()
                    .channel();

            assertEquals(expected, congestionControl(connected));
            assertEquals(expected, congestionControl(accepted.get(10, TimeUnit.SECONDS)));
        }
    }

    private static ChannelHandler idle() {
        return new ChannelInboundHandlerAdapter();
    }

    private static String congestionControl(Channel channel) {
        byte[] name = new byte[16];
        channel.config().getOption(NAME).get(name);
        return new String(name, StandardCharsets.US_ASCII).split("\0", 2)[0];
    }
}
