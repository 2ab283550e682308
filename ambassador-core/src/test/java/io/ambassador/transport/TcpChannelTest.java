package io.ambassador.transport;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannelConfig;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TcpChannelTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private final Transport transport = Transport.start(1);
    private final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();

    @Sharable
    private final class Accepting extends ChannelInboundHandlerAdapter {
        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            accepted.add(ctx.channel());
        }
    }

    @AfterEach
    void close() {
        transport.close();
    }

    private Channel bind(Duration userTimeout) throws Exception {
        return transport.bind(new InetSocketAddress("127.0.0.1", 0), userTimeout, new Accepting());
    }

    private ChannelFuture connect(int port) {
        ChannelHandler nothing = new ChannelInboundHandlerAdapter();
        return transport.connect(transport.next(), Endpoint.of("127.0.0.1", port), TIMEOUT, TIMEOUT, nothing);
    }

    private static int port(Channel listener) {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @Test
    void bothEndsKnowTheSameAddresses() throws Exception {
        Channel listener = bind(TIMEOUT);
        listener.config().setAutoRead(true);
        ChannelFuture connecting = connect(port(listener));
        assertNull(connecting.channel().localAddress(), "before it is connected");
        Channel client = connecting.sync().channel();
        Channel server = accepted.poll(20, SECONDS);

        assertNotNull(server);
        assertEquals(listener.localAddress(), client.remoteAddress());
        assertEquals(client.localAddress(), server.remoteAddress());
        assertEquals(listener.localAddress(), server.localAddress());
        assertTrue(server.isActive());
    }

    @Test
    void anAcceptedConnectionHasItsListenersOptions() throws Exception {
        Channel listener = bind(Duration.ofSeconds(7));
        listener.config().setAutoRead(true);
        connect(port(listener)).sync();
        Channel server = accepted.poll(20, SECONDS);

        assertNotNull(server);
        assertTrue(((SocketChannelConfig) server.config()).isTcpNoDelay());
        assertEquals(7_000, server.config().getOption(new IntegerUnixChannelOption("TCP_USER_TIMEOUT", 6, 18)));
        assertFalse(server.config().isAutoRead());
    }

    @Test
    void aListenerAcceptsNothingUntilItReads() throws Exception {
        Channel listener = bind(TIMEOUT);
        connect(port(listener)).sync();
        connect(port(listener)).sync(); // by when the loop has looked for events
        assertTrue(accepted.isEmpty());

        listener.config().setAutoRead(true);

        assertNotNull(accepted.poll(20, SECONDS));
    }

    @Test
    void aFailureNamesTheAddress() throws Exception {
        Channel listener = bind(TIMEOUT);
        int port = port(listener);
        listener.close().sync();

        Throwable cause = connect(port).await().cause();

        assertNotNull(cause);
        assertTrue(cause.getMessage().contains("/127.0.0.1:" + port), cause.getMessage());
    }
}
