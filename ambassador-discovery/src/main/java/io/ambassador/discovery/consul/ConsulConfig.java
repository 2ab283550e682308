package io.ambassador.discovery.consul;

import io.ambassador.discovery.support.http.Target;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Settings of source {@code consul}.
 *
 * @param tags instances must have all of them
 * @param datacentre {@code null} for the agent's own
 * @param near a node, or {@code _agent}, from which instances are sorted by distance; {@code null} for no order
 * @param status which instances count
 * @param maxWait how long the agent may hold a question that has no news, 1 s to 10 min
 */
public record ConsulConfig(
        AgentConfig agent,
        String service,
        List<String> tags,
        @Nullable String datacentre,
        @Nullable String near,
        Status status,
        Duration maxWait) {
    /** The worst that any check of an instance or its node may say. */
    public enum Status {
        PASSING,
        WARNING,
        ANY
    }

    public ConsulConfig {
        tags = List.copyOf(tags);
    }

    Target target() {
        Target target = new Target("/v1/health/service").segment(service);
        if (status == Status.PASSING) {
            target.query("passing", "1");
        }
        tags.forEach(tag -> target.query("tag", tag));
        if (datacentre != null) {
            target.query("dc", datacentre);
        }
        if (near != null) {
            target.query("near", near);
        }
        return target;
    }

    /** As in a short form. */
    String name() {
        return (agent.address().tls() == null ? "consul" : "consuls") + "://" + agent.address() + "/" + service;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s tags %s dc %s near %s status %s", name(), tags, datacentre, near, status);
    }
}
