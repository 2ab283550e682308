package io.ambassador.discovery.consul;

import io.ambassador.discovery.support.http.Target;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Settings of source {@code consul-kv}.
 *
 * @param path of a key, or of a folder of keys, without slashes at its ends
 * @param datacentre {@code null} for the agent's own
 * @param maxWait how long the agent may hold a question that has no news, 1 s to 10 min
 */
public record ConsulKvConfig(
        AgentConfig agent, String path, @Nullable String datacentre, Duration maxWait) {
    Target target() {
        Target target = new Target("/v1/kv").path(path).query("recurse", "true");
        if (datacentre != null) {
            target.query("dc", datacentre);
        }
        return target;
    }

    /** As in a short form. */
    String name() {
        return (agent.address().tls() == null ? "consul-kv" : "consuls-kv") + "://" + agent.address() + "/" + path;
    }

    @Override
    public String toString() {
        return name() + " dc " + datacentre;
    }
}
