package io.ambassador.transport;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannelConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TransportTest {
    /** What waits for an acknowledgement, small, after something small, would wait for 40 ms. */
    @Test
    void neitherSideHoldsSmallPiecesBack() throws Exception {
        CompletableFuture<Channel> accepted = new CompletableFuture<>();
        try (Transport transport = Transport.start(1)) {
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
                    .connect(
                            transport.next(),
                            Endpoint.of("127.0.0.1", port),
                            Duration.ofSeconds(10),
                            null,
                            new ChannelInboundHandlerAdapter())
                    .sync()
                    .channel();

            assertTrue(((SocketChannelConfig) connected.config()).isTcpNoDelay());
            assertTrue(((SocketChannelConfig) accepted.get(10, TimeUnit.SECONDS).config()).isTcpNoDelay());
        }
    }
}
