package io.ambassador.service;

/**
 * Prefers endpoints of one zone.
 *
 * @param zone the one this ambassador stands in, as the service's sources name it
 * @param overprovisioning how much more than its usual load a zone is trusted to carry, at least 1: with 1.4 others are
 *     asked for help once less than 1 / 1.4 of the zone's endpoints are available
 */
public record LocalitySpec(String zone, double overprovisioning) {
    public static final double USUAL_OVERPROVISIONING = 1.4;

    public LocalitySpec {
        if (zone.isEmpty()) {
            throw new IllegalArgumentException("zone: is empty (expected the name of a zone)");
        }
        if (!(overprovisioning >= 1 && overprovisioning <= 100)) {
            throw new IllegalArgumentException("overprovisioning: " + overprovisioning + " (expected: 1-100)");
        }
    }

    public static LocalitySpec of(String zone) {
        return new LocalitySpec(zone, USUAL_OVERPROVISIONING);
    }
}
