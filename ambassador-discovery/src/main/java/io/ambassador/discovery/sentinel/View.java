package io.ambassador.discovery.sentinel;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.discovery.Endpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one sentinel says.
 *
 * @param epoch rises with each fail-over; a sentinel that missed one has a lower one
 * @param primary {@code null} if the sentinel does not know the name
 * @param replicas without those that it thinks are down
 */
record View(long epoch, @Nullable EndpointEntry primary, List<EndpointEntry> replicas) {
    static final View NOTHING = new View(0, null, List.of());

    View {
        replicas = List.copyOf(replicas);
    }

    /**
     * @param address the reply to {@code SENTINEL GET-MASTER-ADDR-BY-NAME}
     * @param master the reply to {@code SENTINEL MASTER}
     * @param slaves the reply to {@code SENTINEL REPLICAS}
     * @throws IllegalArgumentException if it cannot be understood; the message says what
     */
    static View of(Object address, Object master, Object slaves) {
        if (address == Resp.NIL) {
            return NOTHING;
        }
        for (Object reply : List.of(address, master, slaves)) {
            if (reply instanceof Resp.Failure failure) {
                if (failure.message().startsWith("ERR No such master")) {
                    return NOTHING;
                }
                throw new IllegalArgumentException("answers " + SentinelConnection.code(failure));
            }
        }
        if (!(address instanceof List<?> pair) || pair.size() != 2 || !(slaves instanceof List<?> list)) {
            throw new IllegalArgumentException("answers something that cannot be understood");
        }
        Map<String, String> fields = fields(master);
        EndpointEntry primary = entry(pair.get(0).toString(), pair.get(1).toString(), "primary");
        List<EndpointEntry> replicas = new ArrayList<>();
        for (Object slave : list) {
            addIfUp(replicas, fields(slave));
        }
        // In the middle of a fail-over the address is the new primary's, and the rest is as before.
        addIfUp(replicas, fields);
        replicas.removeIf(replica -> replica.host().equals(primary.host()) && replica.port() == primary.port());
        return new View(number(fields.getOrDefault("config-epoch", "0")), primary, replicas);
    }

    private static void addIfUp(List<EndpointEntry> replicas, Map<String, String> fields) {
        Set<String> flags = Set.of(fields.getOrDefault("flags", "").split(","));
        boolean hidden = "0".equals(fields.get("replica-announced"));
        if (!flags.contains("s_down") && !flags.contains("o_down") && !hidden) {
            replicas.add(entry(fields.getOrDefault("ip", ""), fields.getOrDefault("port", ""), "replica"));
        }
    }

    private static EndpointEntry entry(String host, String port, String role) {
        return new EndpointEntry(host, (int) Math.min(number(port), 65_536), 1, 0, Map.of(Endpoint.ROLE, role));
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("answers text where a number belongs", e);
        }
    }

    /** Names and values by turns. */
    private static Map<String, String> fields(Object reply) {
        Map<String, String> fields = new HashMap<>();
        if (reply instanceof List<?> list) {
            for (int i = 0; i + 1 < list.size(); i += 2) {
                fields.put(Objects.toString(list.get(i)), Objects.toString(list.get(i + 1)));
            }
        }
        return fields;
    }
}
