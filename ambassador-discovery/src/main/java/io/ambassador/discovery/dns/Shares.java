package io.ambassador.discovery.dns;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.discovery.Endpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToIntFunction;

/** Turns entries and their addresses into endpoints, so that a host's weight is shared among its addresses. */
final class Shares {
    /** An entry with the addresses its host has. */
    record Resolved(EndpointEntry entry, List<String> addresses) {
        Resolved {
            addresses = List.copyOf(new LinkedHashSet<>(addresses));
        }
    }

    /** One record of weight 0 among others gets a hundredth of weight 1. */
    private static final int ZERO_FACTOR = 100;

    private Shares() {}

    /** Weights as RFC 2782 means them: all 0 is all equal; 0 beside others is "a very small chance". */
    static List<EndpointEntry> withoutZeros(List<EndpointEntry> entries) {
        Map<Integer, Integer> most = mostByPriority(entries, EndpointEntry::weight);
        Map<Integer, Integer> least = new HashMap<>();
        entries.forEach(entry -> least.merge(entry.priority(), entry.weight(), Math::min));
        List<EndpointEntry> scaled = new ArrayList<>();
        for (EndpointEntry entry : entries) {
            int max = most.getOrDefault(entry.priority(), 0);
            int weight = entry.weight();
            if (least.getOrDefault(entry.priority(), 1) == 0) {
                int factor = max == 0 ? 1 : Math.min(ZERO_FACTOR, Endpoint.MAX_WEIGHT / max);
                weight = Math.max(1, weight * factor);
            }
            scaled.add(entry.withWeight(weight));
        }
        return scaled;
    }

    /** One endpoint for each address; of one address given twice, the better priority counts, or the summed weight. */
    static Set<Endpoint> endpoints(List<Resolved> resolved) {
        Map<Integer, Long> common = new HashMap<>();
        Map<Integer, Integer> most = new HashMap<>();
        for (Resolved each : resolved) {
            if (!each.addresses().isEmpty()) {
                common.merge(each.entry().priority(), (long) each.addresses().size(), Shares::leastCommonMultiple);
                most.merge(each.entry().priority(), each.entry().weight(), Math::max);
            }
        }
        Map<String, Endpoint> byAddress = new LinkedHashMap<>();
        for (Resolved each : resolved) {
            EndpointEntry entry = each.entry();
            int count = each.addresses().size();
            long multiple = common.getOrDefault(entry.priority(), 1L);
            double factor = Math.min(
                    (double) multiple,
                    (double) Endpoint.MAX_WEIGHT / Math.max(1, most.getOrDefault(entry.priority(), 1)));
            for (String address : each.addresses()) {
                int weight = (int) Math.round(entry.weight() * factor / count);
                Endpoint endpoint = entry.at(address, entry.weight() == 0 ? 0 : Math.max(1, weight));
                byAddress.merge(endpoint.address(), endpoint, Shares::merged);
            }
        }
        return new LinkedHashSet<>(byAddress.values());
    }

    private static Endpoint merged(Endpoint a, Endpoint b) {
        if (a.priority() != b.priority()) {
            return a.priority() < b.priority() ? a : b;
        }
        return a.withWeight(Math.min(Endpoint.MAX_WEIGHT, a.weight() + b.weight()));
    }

    private static Map<Integer, Integer> mostByPriority(
            List<EndpointEntry> entries, ToIntFunction<EndpointEntry> value) {
        Map<Integer, Integer> most = new TreeMap<>();
        entries.forEach(entry -> most.merge(entry.priority(), value.applyAsInt(entry), Math::max));
        return most;
    }

    /** Capped, since more precision than the largest weight is lost anyway. */
    private static long leastCommonMultiple(long a, long b) {
        long x = a;
        long y = b;
        while (y != 0) {
            long rest = x % y;
            x = y;
            y = rest;
        }
        return Math.min(Endpoint.MAX_WEIGHT, a / x * b);
    }
}
