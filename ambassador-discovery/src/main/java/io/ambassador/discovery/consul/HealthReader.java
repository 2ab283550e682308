package io.ambassador.discovery.consul;

import io.ambassador.discovery.consul.ConsulConfig.Status;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.Json;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.registry.LeftOut;
import io.ambassador.discovery.support.registry.Told;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads {@code /v1/health/service/…}: nodes, their instances, and what checks say of both.
 *
 * @see <a href="https://developer.hashicorp.com/consul/api-docs/health#list-nodes-for-service">Health endpoint</a>
 */
final class HealthReader {
    private static final String NODE = "node";
    private static final String ID = "id";
    private static final String ZONE = "zone";

    private final ConsulConfig config;
    private final LeftOut leftOut;

    HealthReader(ConsulConfig config) {
        this.config = config;
        this.leftOut = new LeftOut(config.name());
    }

    Told read(HttpAnswer answer) {
        if (!answer.isSuccess()) {
            throw new IllegalArgumentException("is " + answer.summary());
        }
        List<EndpointEntry> entries = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        Json.forEach(answer.stream(), instance -> {
            Status status = status(instance.get("Checks"));
            if (status.compareTo(config.status()) <= 0) {
                try {
                    entries.add(entry(instance, status));
                } catch (IllegalArgumentException e) {
                    problems.add("instance " + instance.get("Service").text("ID") + ": " + e.getMessage());
                }
            }
        });
        leftOut.report(problems);
        if (entries.isEmpty() && !problems.isEmpty()) {
            throw new IllegalArgumentException("names no endpoint that can be used: " + problems.get(0));
        }
        if (entries.isEmpty() && "true".equals(answer.header("x-consul-results-filtered-by-acls"))) {
            throw new IllegalArgumentException("is empty, since the token may not read all of it");
        }
        return new Told.Entries(entries);
    }

    private static EndpointEntry entry(Json instance, Status status) {
        Json node = instance.get("Node");
        Json service = instance.get("Service");
        String address = service.text("Address");
        Json weights = service.get("Weights");
        Map<String, String> metadata = new HashMap<>(service.get("Meta").texts());
        metadata.put(NODE, node.text("Node"));
        metadata.put(ID, service.text("ID"));
        Set<String> tags = new HashSet<>();
        service.get("Tags").elements().forEach(tag -> tags.add(tag.text()));
        return new EndpointEntry(
                address.isEmpty() ? node.text("Address") : address,
                service.integer("Port", 0),
                weights.integer(status == Status.PASSING ? "Passing" : "Warning", 1),
                0,
                zone(service, node),
                tags,
                metadata);
    }

    private static String zone(Json service, Json node) {
        String ofService = service.get("Meta").text(ZONE);
        String ofNode = node.get("Meta").text(ZONE);
        return !ofService.isEmpty() ? ofService : !ofNode.isEmpty() ? ofNode : node.text("Datacenter");
    }

    /** The worst of all checks; what is neither passing nor warning is as bad as critical. */
    private static Status status(Json checks) {
        Status worst = Status.PASSING;
        for (Json check : checks.elements()) {
            Status said = switch (check.text("Status")) {
                case "passing" -> Status.PASSING;
                case "warning" -> Status.WARNING;
                default -> Status.ANY;
            };
            worst = said.compareTo(worst) > 0 ? said : worst;
        }
        return worst;
    }
}
