package io.ambassador.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Copies through one buffer that all connections of an event loop share. Memory of its own is taken only for what the
 * receiver has no room for.
 */
public final class CopyBuffer implements Conduit {
    private static final int SIZE = 64 * 1024;

    /** How much is read at once while memory for what cannot be passed on is scarce. */
    private static final int LITTLE = 2 * 1024;

    private static final FastThreadLocal<ByteBuffer> SHARED = new FastThreadLocal<>() {
        @Override
        protected ByteBuffer initialValue() {
            return ByteBuffer.allocateDirect(SIZE);
        }
    };

    private int fresh;
    private int asked;
    private @Nullable ByteBuf rest;

    /** What is in the shared buffer after this must be passed on before anybody else reads: by {@link #drain}. */
    @Override
    public int fill(SocketEvents from) throws IOException {
        asked = DirectMemory.isStillScarce() ? LITTLE : SIZE;
        int read = from.socket().recv(SHARED.get(), 0, asked);
        fresh = Math.max(0, read);
        return read;
    }

    /** Bytes from elsewhere, which are released once they are written; they follow what is held. */
    public void add(ByteBuf bytes) {
        if (rest == null && bytes.isDirect() && bytes.nioBufferCount() == 1) {
            rest = bytes;
            return;
        }
        ByteBuf all = PooledByteBufAllocator.DEFAULT.directBuffer(held() + bytes.readableBytes());
        if (rest != null) {
            all.writeBytes(rest);
            rest.release();
        }
        all.writeBytes(bytes);
        bytes.release();
        rest = all;
    }

    @Override
    public void drain(SocketEvents to) throws IOException {
        if (fresh > 0) {
            drainFresh(to);
        } else if (rest != null) {
            drainRest(to, rest);
        }
    }

    private void drainFresh(SocketEvents to) throws IOException {
        ByteBuffer shared = SHARED.get();
        int length = fresh;
        fresh = 0;
        int written = to.socket().send(shared, 0, length);
        if (written < length) {
            keep(shared, written, length - written);
        }
    }

    private void keep(ByteBuffer shared, int from, int length) {
        ByteBuf kept = PooledByteBufAllocator.DEFAULT.directBuffer(length);
        kept.writeBytes(shared.slice(from, length));
        rest = kept;
        DirectMemory.isScarce(); // looked at now that some is taken
    }

    private void drainRest(SocketEvents to, ByteBuf bytes) throws IOException {
        ByteBuffer view = bytes.internalNioBuffer(bytes.readerIndex(), bytes.readableBytes());
        bytes.skipBytes(to.socket().send(view, view.position(), view.limit()));
        if (!bytes.isReadable()) {
            giveBack();
        }
    }

    @Override
    public int held() {
        return fresh + (rest == null ? 0 : rest.readableBytes());
    }

    @Override
    public boolean mayLeaveMore(int filled) {
        return filled == asked;
    }

    @Override
    public void giveBack() {
        fresh = 0;
        if (rest != null) {
            rest.release();
            rest = null;
        }
    }
}
