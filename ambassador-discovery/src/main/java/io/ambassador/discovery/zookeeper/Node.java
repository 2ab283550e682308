package io.ambassador.discovery.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.Json;
import io.ambassador.discovery.support.RegistryValue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one node says: its data, else its name, as {@code host:port}; JSON with a host and a port; or what Curator's
 * service discovery and Twitter's server sets write.
 *
 * @param entries none if it is out of service, or cannot be used
 * @param problem why it cannot be used; {@code null} if it can
 */
record Node(List<EndpointEntry> entries, @Nullable String problem, boolean isEmpty) {
    static final Node UNREAD = new Node(List.of(), null, true);

    static Node problem(String why) {
        return new Node(List.of(), why, false);
    }

    static Node read(String name, byte[] data) {
        boolean empty = new String(data, UTF_8).isBlank();
        if (empty && name.isEmpty()) {
            return UNREAD;
        }
        String problem = "it is empty";
        if (!empty) {
            try {
                return new Node(entries(data), null, false);
            } catch (IllegalArgumentException e) {
                problem = e.getMessage();
            }
        }
        try {
            return new Node(List.of(EndpointEntry.parse(name)), null, false);
        } catch (IllegalArgumentException e) {
            return problem("its data " + problem + ", and its name is no host:port");
        }
    }

    /** @throws IllegalArgumentException if it names no endpoint */
    private static List<EndpointEntry> entries(byte[] data) {
        String text = new String(data, UTF_8).strip();
        if (text.startsWith("{")) {
            Json json = Json.parse(text);
            if (json.get("serviceEndpoint").isObject()) {
                return serverSet(json);
            }
            if (json.get("serviceType").exists()
                    || json.get("registrationTimeUTC").exists()) {
                return instance(json);
            }
        }
        return RegistryValue.parse(data);
    }

    /** One {@code ServiceInstance} of Curator's service discovery. */
    private static List<EndpointEntry> instance(Json json) {
        if (!json.bool("enabled", true)) {
            return List.of();
        }
        Map<String, String> metadata =
                new HashMap<>(json.get("payload").get("metadata").texts());
        metadata.put("id", json.text("id"));
        return List.of(entry(json.text("address"), json.integer("port", json.integer("sslPort", 0)), metadata));
    }

    private static List<EndpointEntry> serverSet(Json json) {
        String status = json.text("status");
        if (!status.isEmpty() && !status.equals("ALIVE")) {
            return List.of();
        }
        Json endpoint = json.get("serviceEndpoint");
        return List.of(entry(
                endpoint.text("host"),
                endpoint.integer("port", 0),
                json.get("metadata").texts()));
    }

    private static EndpointEntry entry(String host, int port, Map<String, String> metadata) {
        return new EndpointEntry(host, port, 1, 0, metadata);
    }

    void addTo(String path, List<EndpointEntry> all, List<String> problems) {
        all.addAll(entries);
        if (problem != null) {
            problems.add("node " + path + ": " + problem);
        }
    }
}
