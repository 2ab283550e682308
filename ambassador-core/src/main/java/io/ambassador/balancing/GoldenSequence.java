package io.ambassador.balancing;

/**
 * The additive sequence of the golden ratio: its members spread evenly over a range at every length, and neighbours
 * are far apart.
 */
final class GoldenSequence {
    private static final long RATIO = 0x9E3779B97F4A7C15L; // 2^64 divided by the golden ratio

    private GoldenSequence() {}

    /** The {@code index}-th member, scaled to 0 … {@code bound} - 1. */
    static long scale(long index, long bound) {
        return Math.multiplyHigh((index * RATIO) >>> 1, bound << 1);
    }
}
