package io.ambassador.discovery.dns;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Message;

/** One query on one socket of its own, from sending to reply or failure. Runs on the selector thread. */
abstract class Exchange {
    final InetSocketAddress server;
    final Query query;
    private final long timeoutNanos;
    private final CompletableFuture<Message> reply = new CompletableFuture<>();
    private @Nullable SelectableChannel channel;
    private long deadline;

    Exchange(InetSocketAddress server, Query query, long timeoutNanos) {
        this.server = server;
        this.query = query;
        this.timeoutNanos = timeoutNanos;
    }

    /** Completed on the selector thread: with the reply, or with an {@link IOException}. */
    final CompletableFuture<Message> reply() {
        return reply;
    }

    final void start(Selector selector) {
        deadline = System.nanoTime() + timeoutNanos;
        try {
            channel = open();
            channel.configureBlocking(false);
            register(channel, selector);
        } catch (IOException | RuntimeException e) {
            fail(e);
        }
    }

    /** Goes on after the selector saw that the channel is ready. */
    final void proceed(SelectionKey key, ByteBuffer scratch) {
        try {
            Message message = ready(key, scratch);
            if (message != null) {
                finish();
                reply.complete(message);
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
        }
    }

    final void fail(Exception cause) {
        finish();
        reply.completeExceptionally(cause);
    }

    final long nanosLeft() {
        return deadline - System.nanoTime();
    }

    final boolean isDone() {
        return reply.isDone();
    }

    abstract SelectableChannel open() throws IOException;

    /** Sends or connects, and registers for what comes next with {@code this} as the attachment. */
    abstract void register(SelectableChannel channel, Selector selector) throws IOException;

    /** @return the reply once it is there, else {@code null} */
    abstract @Nullable Message ready(SelectionKey key, ByteBuffer scratch) throws IOException;

    private void finish() {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                DnsLoop.LOG.debug("Closing a DNS socket to {} failed", server, e);
            }
        }
    }
}
