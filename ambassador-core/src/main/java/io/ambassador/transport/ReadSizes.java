package io.ambassador.transport;

import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;

/**
 * How much is read at once: twice as much after a read that filled its buffer, half as much after two that left it
 * half empty, between 2 and 64 KiB; little while memory is scarce.
 */
final class ReadSizes extends DefaultMaxMessagesRecvByteBufAllocator {
    static final int LEAST = 2 * 1024;
    private static final int MOST = 64 * 1024;

    @Override
    public Handle newHandle() {
        return new Sizes();
    }

    private final class Sizes extends MaxMessageHandle {
        private int size = LEAST;
        private boolean half;

        @Override
        public int guess() {
            return DirectMemory.isStillScarce() ? LEAST : size;
        }

        @Override
        public void lastBytesRead(int bytes) {
            super.lastBytesRead(bytes);
            if (bytes == attemptedBytesRead()) {
                size = Math.min(MOST, Math.max(size, bytes * 2));
                half = false;
            } else if (bytes > 0 && bytes < size / 2) {
                if (half) {
                    size = Math.max(LEAST, size / 2);
                }
                half = !half;
            }
        }
    }
}
