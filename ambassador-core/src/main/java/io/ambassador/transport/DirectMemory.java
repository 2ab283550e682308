package io.ambassador.transport;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import java.util.concurrent.TimeUnit;

/**
 * Whether the memory that relayed bytes wait in is running short. Each connection may hold some; that many slow readers
 * together must not take all of it is seen to here. Thread-safe, without locks.
 */
public final class DirectMemory {
    /** Beyond this share, what is left is kept for connections that are not slow. */
    private static final long ENOUGH = max() / 2;

    private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(5);

    private static volatile boolean scarce;
    private static volatile long checkedAt = System.nanoTime() - INTERVAL;

    private DirectMemory() {}

    /** Asks the allocator at most every 5 ms. */
    public static boolean isScarce() {
        long now = System.nanoTime();
        if (now - checkedAt >= INTERVAL) {
            checkedAt = now;
            scarce = used() > ENOUGH;
        }
        return scarce;
    }

    /** Bytes taken for buffers, those kept for the next ones included. */
    public static long used() {
        return PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    }

    /** Bytes that buffers may take at most. */
    public static long max() {
        return PlatformDependent.maxDirectMemory();
    }

    /** As {@link #isScarce}, at the cost of a look while there is enough, as others have found it last. */
    static boolean isStillScarce() {
        return scarce && isScarce();
    }
}
