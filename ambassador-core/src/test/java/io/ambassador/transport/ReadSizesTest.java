package io.ambassador.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator.Handle;
import org.junit.jupiter.api.Test;

class ReadSizesTest {
    private final Handle handle = new ReadSizes().newHandle();

    private int read(int bytes) {
        ByteBuf buffer = handle.allocate(UnpooledByteBufAllocator.DEFAULT);
        try {
            handle.attemptedBytesRead(buffer.writableBytes());
            handle.lastBytesRead(Math.min(bytes, buffer.writableBytes()));
            return buffer.writableBytes();
        } finally {
            buffer.release();
        }
    }

    @Test
    void growsWithReadsThatFillTheirBuffer() {
        int[] sizes = {2, 4, 8, 16, 32, 64, 64};
        for (int size : sizes) {
            assertEquals(size * 1024, read(Integer.MAX_VALUE));
        }
    }

    @Test
    void shrinksAfterTwoReadsThatLeaveTheBufferHalfEmpty() {
        growsWithReadsThatFillTheirBuffer();
        assertEquals(64 * 1024, read(100));
        assertEquals(64 * 1024, read(100));
        assertEquals(32 * 1024, read(100));
        assertEquals(32 * 1024, read(100));
        assertEquals(16 * 1024, read(10_000));
        assertEquals(16 * 1024, read(10_000), "more than half: as it should be");
    }

    @Test
    void staysWithinItsBounds() {
        for (int i = 0; i < 100; i++) {
            assertEquals(2 * 1024, read(1));
        }
        assertEquals(2 * 1024, read(0));
        assertEquals(2 * 1024, read(-1));
    }
}
