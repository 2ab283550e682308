package io.ambassador.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CopyBufferTest {
    private final Transport transport = Transport.start(1);
    private final CopyBuffer buffer = new CopyBuffer();
    private final byte[] bytes = new byte[48 * 1024];
    private ServerSocket server;
    private Channel source;
    private Channel sink;
    private Socket sender;
    private Socket receiver;

    @BeforeEach
    void connect() throws Exception {
        new Random(7).nextBytes(bytes);
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        server.setReceiveBufferSize(64 * 1024);
        EventLoop loop = transport.next();
        source = connect(loop);
        sender = server.accept();
        sink = connect(loop);
        receiver = server.accept();
        onLoop(() -> {
            events(source).takeReading((ended, broken) -> {}); // from the channel
            events(source).awaitInput(false);
            return null;
        });
    }

    private Channel connect(EventLoop loop) throws InterruptedException {
        Endpoint endpoint = Endpoint.of("127.0.0.1", server.getLocalPort());
        return transport
                .connect(loop, endpoint, Duration.ofSeconds(5), null, new ChannelInboundHandlerAdapter())
                .sync()
                .channel();
    }

    @AfterEach
    void close() throws IOException {
        transport.close();
        sender.close();
        receiver.close();
        server.close();
    }

    @Test
    void readsAndWritesAndTellsTheEnd() throws Exception {
        sender.getOutputStream().write(bytes, 0, 100);

        assertEquals(100, fillOnceThereIsSomething());
        assertEquals(100, onLoop(buffer::held));
        drain();

        assertEquals(0, onLoop(buffer::held));
        assertArrayEquals(range(0, 100), receiver.getInputStream().readNBytes(100));
        assertEquals(0, fill());
        sender.shutdownOutput();
        assertEquals(Conduit.ENDED, fillOnceThereIsSomething());
    }

    @Test
    void keepsWhatTheReceiverHasNoRoomForInItsOrder() throws Exception {
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        while (onLoop(buffer::held) == 0) { // until the kernel takes no more
            sender.getOutputStream().write(bytes, 0, 1_000 + sent.size() % 7);
            sent.write(bytes, 0, 1_000 + sent.size() % 7);
            fillOnceThereIsSomething();
            drain();
        }
        int held = onLoop(buffer::held);
        drain();
        assertEquals(held, onLoop(buffer::held), "there is no room");

        byte[] first = receiver.getInputStream().readNBytes(sent.size() - held);
        drain();
        byte[] rest = receiver.getInputStream().readNBytes(held);
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        received.writeBytes(first);
        received.writeBytes(rest);
        assertArrayEquals(sent.toByteArray(), received.toByteArray());
        assertEquals(0, onLoop(buffer::held));
    }

    @Test
    void writesWhatOthersHaveReadBefore() throws Exception {
        onLoop(() -> {
            buffer.add(Unpooled.wrappedBuffer(bytes, 0, 10)); // not direct
            buffer.add(Unpooled.directBuffer().writeBytes(bytes, 10, 10));
            return null;
        });
        assertEquals(20, onLoop(buffer::held));

        drain();

        assertEquals(0, onLoop(buffer::held));
        assertArrayEquals(range(0, 20), receiver.getInputStream().readNBytes(20));
    }

    @Test
    void releasesWhatIsNotToArrive() throws Exception {
        ByteBuf waiting = Unpooled.directBuffer().writeBytes(bytes, 0, 10);
        onLoop(() -> {
            buffer.add(waiting);
            buffer.giveBack();
            return null;
        });

        assertEquals(0, onLoop(buffer::held));
        assertEquals(0, waiting.refCnt());
    }

    private int fillOnceThereIsSomething() throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        int read = 0;
        while (read == 0) {
            assertTrue(System.nanoTime() < deadline, "nothing came");
            read = fill();
        }
        return read;
    }

    private int fill() throws Exception {
        return onLoop(() -> buffer.fill(events(source)));
    }

    private void drain() throws Exception {
        onLoop(() -> {
            buffer.drain(events(sink));
            return null;
        });
    }

    private static SocketEvents events(Channel channel) {
        SocketEvents events = SocketEvents.of(channel);
        assertNotNull(events);
        return events;
    }

    private <T> T onLoop(Callable<T> step) throws Exception {
        return source.eventLoop().submit(step).get();
    }

    private byte[] range(int from, int to) {
        return Arrays.copyOfRange(bytes, from, to);
    }
}
