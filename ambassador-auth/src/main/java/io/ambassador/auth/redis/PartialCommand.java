package io.ambassador.auth.redis;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** The beginning of a command whose rest has yet to come. May hold a password: every copy is wiped. */
final class PartialCommand {
    private static final int INITIAL = 256;

    private @Nullable ByteBuf bytes;
    private @Nullable ByteBuf lent;

    /**
     * What is held with {@code next} after it, to be given back to {@link #keep} or released; {@code next} itself if
     * nothing is.
     */
    ByteBuf prepend(ByteBufAllocator allocator, ByteBuf next) {
        ByteBuf all = bytes;
        if (all == null) {
            return next;
        }
        bytes = null;
        all = withRoom(allocator, all, next.readableBytes());
        all.writeBytes(next, next.readerIndex(), next.readableBytes());
        next.setZero(next.readerIndex(), next.readableBytes());
        next.release();
        lent = all;
        return all;
    }

    /**
     * Holds what {@code rest} has left to read.
     *
     * @param whole whether nothing else of {@code rest} will be used; else that much of it is copied and wiped
     */
    void keep(ByteBufAllocator allocator, ByteBuf rest, boolean whole) {
        if (whole && rest == lent && rest.refCnt() == 1) {
            bytes = rest.retain();
            return;
        }
        int length = rest.readableBytes();
        bytes = allocator.buffer(Math.max(INITIAL, length)).writeBytes(rest, rest.readerIndex(), length);
        rest.setZero(rest.readerIndex(), length);
    }

    void release() {
        if (bytes != null) {
            bytes.setZero(0, bytes.capacity());
            bytes.release();
            bytes = null;
        }
    }

    private static ByteBuf withRoom(ByteBufAllocator allocator, ByteBuf bytes, int room) {
        if (bytes.writableBytes() >= room) {
            return bytes;
        }
        int length = bytes.readableBytes();
        ByteBuf larger = allocator.buffer(Math.max(2 * bytes.capacity(), length + room));
        larger.writeBytes(bytes, bytes.readerIndex(), length);
        bytes.setZero(0, bytes.capacity());
        bytes.release();
        return larger;
    }
}
