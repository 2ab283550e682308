package io.ambassador.discovery.kubernetes;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What counts of one EndpointSlice.
 *
 * @param ports of all its endpoints, each with its name, which may be empty
 * @see <a href="https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/">EndpointSlice</a>
 */
record Slice(String name, List<Port> ports, List<Member> members) {
    record Port(String name, int number) {}

    /** An endpoint without its port. */
    record Member(String host, boolean ready, boolean serving, String zone, Map<String, String> metadata) {
        EndpointEntry at(int port) {
            return new EndpointEntry(host, port, 1, 0, zone, Set.of(), metadata);
        }
    }

    static Slice read(Json object) {
        List<Port> ports = new ArrayList<>();
        for (Json port : object.get("ports").elements()) {
            String protocol = port.text("protocol");
            if (protocol.isEmpty() || protocol.equals("TCP")) {
                ports.add(new Port(port.text("name"), port.integer("port", 0)));
            }
        }
        List<Member> members = new ArrayList<>();
        for (Json endpoint : object.get("endpoints").elements()) {
            List<Json> addresses = endpoint.get("addresses").elements();
            if (!addresses.isEmpty()) { // of several, the first is the one to use
                members.add(member(addresses.get(0).text(), endpoint));
            }
        }
        return new Slice(object.get("metadata").text("name"), List.copyOf(ports), List.copyOf(members));
    }

    /** What is not said of readiness counts as yes, and of serving as readiness. */
    private static Member member(String host, Json endpoint) {
        Json conditions = endpoint.get("conditions");
        boolean ready = conditions.bool("ready", true);
        Map<String, String> metadata = new HashMap<>();
        put(metadata, "node", endpoint.text("nodeName"));
        put(metadata, "pod", endpoint.get("targetRef").text("name"));
        return new Member(host, ready, conditions.bool("serving", ready), endpoint.text("zone"), metadata);
    }

    private static void put(Map<String, String> metadata, String key, String value) {
        if (!value.isEmpty()) {
            metadata.put(key, value);
        }
    }

    /** The number of the port called {@code wanted}; of the only one if that is {@code null}; 0 if there is none. */
    int portCalled(@Nullable String wanted) {
        if (wanted == null) {
            return ports.size() == 1 ? ports.get(0).number() : 0;
        }
        for (Port port : ports) {
            if (port.name().equals(wanted)) {
                return port.number();
            }
        }
        return 0;
    }

    boolean hasPort(int number) {
        return ports.stream().anyMatch(port -> port.number() == number);
    }
}
