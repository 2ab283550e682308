package io.ambassador.spi.registry;

import io.ambassador.spi.discovery.Endpoint;
import java.util.Set;

/**
 * What is published about one instance.
 *
 * @param id unique within the service, and the same after a restart
 * @param service the name under which others look it up
 */
public record ServiceInstance(String id, String service, Endpoint endpoint, Set<String> tags) {
    public ServiceInstance {
        if (id.isEmpty() || service.isEmpty()) {
            throw new IllegalArgumentException("id and service: expected not empty");
        }
        tags = Set.copyOf(tags);
    }
}
