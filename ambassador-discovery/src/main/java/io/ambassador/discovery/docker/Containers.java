package io.ambassador.discovery.docker;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.Json;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks for the containers that count and makes endpoints of the engine's answer.
 *
 * @see <a href="https://docs.docker.com/reference/api/engine/">Engine API, "List containers"</a>
 */
final class Containers {
    /** The list of all that run. */
    static final String ALL = "/containers/json";

    /** Whether a container that counts has no network of its own, so that {@link #ALL} has to be asked for, too. */
    record Answer(List<Json> containers, boolean needsAll) {}

    /**
     * What one list says.
     *
     * @param problems why a container is left out, one a container
     */
    record Found(List<EndpointEntry> entries, List<String> problems) {}

    private static final String BORROWED = "container:";
    private static final int SHORT_ID = 12;

    private Containers() {}

    static String target(DockerConfig config) {
        Filters filters = new Filters().with("status", List.of("running"));
        if (!config.labels().isEmpty()) {
            filters.with("label", config.labels());
        }
        if (config.container() != null) {
            filters.with("name", List.of("^/?" + config.container().replace(".", "\\.") + "$"));
        }
        if (config.health() == DockerConfig.Health.HEALTHY) {
            filters.with("health", List.of("healthy", "none"));
        }
        return filters.target("/containers/json");
    }

    /** @throws IllegalArgumentException if it is no list */
    static Answer read(byte[] body) {
        List<Json> containers = new ArrayList<>();
        Json.forEach(new ByteArrayInputStream(body), containers::add);
        containers.sort(Comparator.comparing(Containers::name));
        return new Answer(
                containers,
                containers.stream().anyMatch(each -> networkMode(each).startsWith(BORROWED)));
    }

    /** @param all that run, for those that count and live in the network of another */
    static Found found(DockerConfig config, List<Json> containers, List<Json> all) {
        Map<String, Json> byId = new HashMap<>();
        all.forEach(each -> byId.put(each.text("Id"), each));
        List<EndpointEntry> entries = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (Json container : containers) {
            try {
                entries.add(entry(config, container, owner(container, byId)));
            } catch (IllegalArgumentException e) {
                problems.add("container " + name(container) + " " + e.getMessage());
            }
        }
        return new Found(entries, problems);
    }

    private static EndpointEntry entry(DockerConfig config, Json container, Json owner) {
        Addresses addresses = new Addresses(config, owner);
        Addresses.At at = addresses.find();
        Map<String, String> metadata = new HashMap<>();
        container.get("Labels").texts().forEach((label, value) -> metadata.put("label." + label, value));
        metadata.put("container", name(container));
        String id = container.text("Id");
        metadata.put("id", id.substring(0, Math.min(SHORT_ID, id.length())));
        metadata.put("image", container.text("Image"));
        return new EndpointEntry(at.host(), at.port(), 1, 0, metadata);
    }

    /** Whose network it lives in: its own, unless it was started with {@code --network container:…}. */
    private static Json owner(Json container, Map<String, Json> byId) {
        String mode = networkMode(container);
        if (!mode.startsWith(BORROWED)) {
            return container;
        }
        @Nullable Json owner = byId.get(mode.substring(BORROWED.length()));
        if (owner == null) {
            throw new IllegalArgumentException("lives in the network of a container that does not run");
        }
        return owner;
    }

    private static String networkMode(Json container) {
        return container.get("HostConfig").text("NetworkMode");
    }

    /** The first of its names is its own; others are links to it. */
    private static String name(Json container) {
        String name = container.get("Names").elements().stream()
                .map(Json::text)
                .filter(text -> text.lastIndexOf('/') <= 0)
                .findFirst()
                .orElse(container.text("Id"));
        return name.startsWith("/") ? name.substring(1) : name;
    }
}
