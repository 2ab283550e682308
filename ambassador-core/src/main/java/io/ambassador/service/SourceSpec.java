package io.ambassador.service;

import io.ambassador.spi.Configured;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSourceProvider;

/**
 * One source of a service's endpoints.
 *
 * @param source what is followed
 * @param weight the share of all its endpoints together, relative to the sources it is merged with; 0 means drain
 * @param filter which of its endpoints count
 */
public record SourceSpec(Configured<EndpointSourceProvider<?>> source, int weight, EndpointFilter filter) {
    public SourceSpec {
        if (weight < 0 || weight > Endpoint.MAX_WEIGHT) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: 0-" + Endpoint.MAX_WEIGHT + ")");
        }
    }

    /** With weight 1 and all its endpoints. */
    public static SourceSpec of(Configured<EndpointSourceProvider<?>> source) {
        return new SourceSpec(source, 1, EndpointFilter.ALL);
    }

    public SourceSpec withWeight(int other) {
        return new SourceSpec(source, other, filter);
    }

    public SourceSpec withFilter(EndpointFilter other) {
        return new SourceSpec(source, weight, other);
    }

    public String type() {
        return source.type();
    }

    /** Everything its answer depends on; the same in each process. */
    String question() {
        return source.type() + " " + source.config() + (filter.isAll() ? "" : " " + filter);
    }
}
