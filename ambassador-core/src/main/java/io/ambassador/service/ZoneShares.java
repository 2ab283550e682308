package io.ambassador.service;

/**
 * How new connections are shared out between the own zone and the others. A zone can carry what its available endpoints
 * can, {@code min(1, overprovisioning * available / all)}; what the own zone cannot carry goes to the others. Where both
 * together cannot carry everything, each gets as much as it can in proportion.
 *
 * @param local from 0 to 1; the others get the rest
 */
record ZoneShares(double local) {
    static ZoneShares of(int localAvailable, int locals, int otherAvailable, int others, double overprovisioning) {
        double here = capacity(localAvailable, locals, overprovisioning);
        double there = capacity(otherAvailable, others, overprovisioning);
        double both = Math.min(1, here + there);
        return new ZoneShares(both == 0 ? 0 : here / both);
    }

    private static double capacity(int available, int all, double overprovisioning) {
        return all == 0 ? 0 : Math.min(1, overprovisioning * available / all);
    }

    double others() {
        return 1 - local;
    }
}
