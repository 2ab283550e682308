package io.ambassador.service;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Counts how often each address was withdrawn, and says how long one that comes back is to be held out. Remembers
 * addresses no longer than they count, and the latest ones at most. Control thread only.
 */
final class FlapDamping {
    private static final int MOST_ADDRESSES = 10_000;

    private record Withdrawals(int count, long last) {}

    private final LongSupplier nanoTime;

    /** The address withdrawn last is the last one. */
    private final Map<String, Withdrawals> withdrawals = new LinkedHashMap<>();

    FlapDamping(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    void withdrawn(String address, FlapDampingSpec spec) {
        int before = count(address, spec);
        withdrawals.remove(address);
        withdrawals.put(address, new Withdrawals(before + 1, nanoTime.getAsLong()));
        Iterator<Withdrawals> oldest = withdrawals.values().iterator();
        while (oldest.hasNext()) {
            boolean forgotten = isForgotten(oldest.next(), spec);
            if (!forgotten && withdrawals.size() <= MOST_ADDRESSES) {
                break;
            }
            oldest.remove();
        }
    }

    /** Of {@code address}, one after the other. */
    int count(String address, FlapDampingSpec spec) {
        Withdrawals counted = withdrawals.get(address);
        return counted == null || isForgotten(counted, spec) ? 0 : counted.count();
    }

    /** How long {@code address}, which has come back, is to be held out; zero for not at all. */
    Duration hold(String address, FlapDampingSpec spec) {
        int beyond = count(address, spec) - spec.withdrawals();
        if (beyond < 0) {
            return Duration.ZERO;
        }
        Duration hold = spec.hold();
        for (int i = 0; i < beyond && hold.compareTo(spec.maxHold()) < 0; i++) {
            hold = hold.multipliedBy(2);
        }
        return hold.compareTo(spec.maxHold()) < 0 ? hold : spec.maxHold();
    }

    int remembered() {
        return withdrawals.size();
    }

    private boolean isForgotten(Withdrawals counted, FlapDampingSpec spec) {
        return nanoTime.getAsLong() - counted.last() >= spec.forgetAfter().toNanos();
    }
}
