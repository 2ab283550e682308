package io.ambassador.service;

import io.ambassador.spi.discovery.Endpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The weights in force: the endpoints' own, less during slow start, such that groups of them get their shares. */
final class Weights {
    /** What the lightest becomes where weights are fractions. */
    private static final double FINE = 100;

    private final long slowStart;
    private final long now = System.nanoTime();
    private final boolean rising;
    private final List<PooledEndpoint> weighed = new ArrayList<>();
    private final List<Double> fractions = new ArrayList<>();

    Weights(Duration slowStart, Collection<PooledEndpoint> members) {
        this.slowStart = slowStart.toNanos();
        boolean any = false;
        if (this.slowStart > 0) {
            for (PooledEndpoint member : members) {
                any |= now - member.availableSince() < this.slowStart;
            }
        }
        this.rising = any;
    }

    /** Whether a weight is less than it will be. */
    boolean areRising() {
        return rising;
    }

    /** Each its own. */
    void set(List<PooledEndpoint> used) {
        if (!rising) {
            used.forEach(member -> member.weight(member.endpoint().weight()));
            return;
        }
        share(used, used.stream().mapToDouble(this::own).sum());
        apply();
    }

    /** Such that one group gets {@code share} of all, the other one the rest. */
    void set(List<PooledEndpoint> group, double share, List<PooledEndpoint> other) {
        share(group, share);
        share(other, 1 - share);
        apply();
    }

    private void share(List<PooledEndpoint> group, double share) {
        double sum = group.stream().mapToDouble(this::own).sum();
        for (PooledEndpoint member : group) {
            weighed.add(member);
            fractions.add(own(member) / sum * share);
        }
    }

    private double own(PooledEndpoint member) {
        int weight = member.endpoint().weight();
        return rising
                ? weight * Math.min(1, Math.max(0.1, (now - member.availableSince()) / (double) slowStart))
                : weight;
    }

    private void apply() {
        double least = Double.MAX_VALUE;
        double most = 0;
        for (double fraction : fractions) {
            least = Math.min(least, fraction);
            most = Math.max(most, fraction);
        }
        double scale = Math.min(FINE / least, Endpoint.MAX_WEIGHT / most);
        for (int i = 0; i < weighed.size(); i++) {
            weighed.get(i).weight((int) Math.max(1, Math.round(fractions.get(i) * scale)));
        }
    }
}
