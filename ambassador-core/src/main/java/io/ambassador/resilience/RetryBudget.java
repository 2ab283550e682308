package io.ambassador.resilience;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds how much retries add to the load: each connection earns a share of a retry. A reserve may be borrowed while
 * the endpoint tried next is thought to be well, so that a first failure among many good endpoints costs no client an
 * error. Thread-safe, without locks.
 */
public final class RetryBudget {
    private static final long RETRY = 1_000;
    private static final long MOST = 100 * RETRY;
    private static final long RESERVE = 1_000 * RETRY;

    private final AtomicLong balance = new AtomicLong();
    private final long earned;

    /** @param share of connections that may be tried again, 0 to 1 */
    public RetryBudget(double share) {
        this.earned = Math.round(share * RETRY);
    }

    /** A client connection began. */
    public void earn() {
        if (balance.get() < MOST) {
            balance.addAndGet(earned);
        }
    }

    /**
     * Takes one retry.
     *
     * @param towardsAvailable whether the reserve may be used
     */
    public boolean tryRetry(boolean towardsAvailable) {
        long floor = towardsAvailable && earned > 0 ? -RESERVE : 0;
        long now = balance.get();
        while (now - RETRY >= floor) {
            if (balance.compareAndSet(now, now - RETRY)) {
                return true;
            }
            now = balance.get();
        }
        return false;
    }
}
