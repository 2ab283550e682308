package io.ambassador.faults;

import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A server on one thread that sends each client as much as it will take, for ever; what clients send is not read. */
final class Firehose implements AutoCloseable {
    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final Thread thread = new Thread(this::run, "firehose");
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicLong sent = new AtomicLong();
    private volatile boolean closed;

    private Firehose() throws IOException {
        listener.bind(new InetSocketAddress("127.0.0.1", 0), 4096);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    static Firehose start() throws IOException {
        Firehose firehose = new Firehose();
        firehose.thread.start();
        return firehose;
    }

    Endpoint endpoint() {
        return Endpoint.of("127.0.0.1", listener.socket().getLocalPort());
    }

    int accepted() {
        return accepted.get();
    }

    /** Bytes, to all clients together. */
    long sent() {
        return sent.get();
    }

    private void run() {
        ByteBuffer water = ByteBuffer.allocateDirect(64 * 1024);
        try {
            while (!closed) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.isAcceptable()) {
                        SocketChannel client = listener.accept();
                        if (client != null) {
                            client.configureBlocking(false);
                            client.register(selector, SelectionKey.OP_WRITE);
                            accepted.incrementAndGet();
                        }
                    } else {
                        pour((SocketChannel) key.channel(), water);
                    }
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void pour(SocketChannel client, ByteBuffer water) throws IOException {
        try {
            water.clear();
            sent.addAndGet(client.write(water));
        } catch (IOException gone) {
            client.close();
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        selector.wakeup();
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
