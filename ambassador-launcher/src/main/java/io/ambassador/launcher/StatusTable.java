package io.ambassador.launcher;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Lays out services, their endpoints and their sources for people. */
final class StatusTable {
    private static final List<String> HEADINGS = List.of(
            "SERVICE",
            "LISTENING",
            "ENDPOINT",
            "HEALTH",
            "ROLE",
            "WEIGHT",
            "OPEN",
            "OPENED",
            "FAILURES",
            "LATENCY",
            "LAST ERROR");

    private static final List<String> SOURCE_HEADINGS = List.of(
            "SERVICE",
            "SOURCE",
            "STATE",
            "STALE",
            "IN USE",
            "WEIGHT",
            "ENDPOINTS",
            "ANSWERED",
            "CHANGED",
            "FAILED",
            "LAST ERROR");

    private StatusTable() {}

    /** @param json as {@code /api/services} gives it */
    static void print(String json, PrintWriter out) throws CommandFailure {
        List<List<String>> rows = new ArrayList<>();
        List<List<String>> sources = new ArrayList<>();
        rows.add(HEADINGS);
        sources.add(SOURCE_HEADINGS);
        try {
            for (Object service : list(JsonTree.parse(json), "services")) {
                rows(service, rows);
                sources(service, sources);
            }
        } catch (IOException e) {
            throw notJson();
        }
        table(rows, out);
        if (sources.size() > 1) {
            out.println();
            table(sources, out);
        }
    }

    private static void table(List<List<String>> rows, PrintWriter out) {
        int[] widths = new int[rows.get(0).size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            out.println(line.toString().stripTrailing());
        }
    }

    static CommandFailure notJson() {
        return new CommandFailure("The admin address answered what is not JSON. Is it an ambassador's?");
    }

    private static void rows(@Nullable Object service, List<List<String>> rows) {
        List<String> listening = new ArrayList<>();
        list(service, "listening").forEach(address -> listening.add(String.valueOf(address)));
        String name = text(service, "name");
        String addresses = Boolean.TRUE.equals(field(service, "drained")) ? "drained" : String.join(", ", listening);
        List<?> endpoints = list(service, "endpoints");
        for (Object endpoint : endpoints) {
            boolean first = endpoint == endpoints.get(0);
            rows.add(List.of(
                    first ? name : "",
                    first ? addresses : "",
                    text(endpoint, "address"),
                    text(endpoint, "health"),
                    text(endpoint, "role"),
                    text(endpoint, "weight"),
                    text(endpoint, "activeConnections"),
                    text(endpoint, "openedConnections"),
                    text(endpoint, "failures"),
                    latency(field(endpoint, "latencyMillis")),
                    text(endpoint, "lastError")));
        }
        if (endpoints.isEmpty()) {
            rows.add(List.of(name, addresses, "none", "-", "-", "-", "-", "-", "-", "-", sourceError(service)));
        }
    }

    private static void sources(@Nullable Object service, List<List<String>> rows) {
        for (Object source : list(service, "sources")) {
            rows.add(List.of(
                    text(service, "name"),
                    text(source, "name"),
                    text(source, "state"),
                    yesOrNo(source, "stale"),
                    yesOrNo(source, "selected"),
                    text(source, "weight"),
                    text(source, "endpoints"),
                    ago(field(source, "ageSeconds")),
                    ago(field(source, "changedSeconds")),
                    ago(field(source, "failedSeconds")),
                    text(source, "lastError")));
        }
    }

    private static String yesOrNo(@Nullable Object object, String key) {
        return Boolean.TRUE.equals(field(object, key)) ? "yes" : "no";
    }

    private static String ago(@Nullable Object seconds) {
        return seconds instanceof Number number ? Math.round(number.doubleValue()) + " s ago" : "-";
    }

    /** Why there may be no endpoint. */
    private static String sourceError(@Nullable Object service) {
        for (Object source : list(service, "sources")) {
            if (field(source, "lastError") != null) {
                return text(source, "lastError");
            }
        }
        return "-";
    }

    private static String latency(@Nullable Object millis) {
        return millis instanceof Number number ? String.format(Locale.ROOT, "%.2f ms", number.doubleValue()) : "-";
    }

    /** Free of what would command a terminal: errors come from peers. */
    private static String text(@Nullable Object object, String key) {
        Object value = field(object, key);
        return value == null ? "-" : value.toString().replaceAll("\\p{C}", "?");
    }

    private static List<?> list(@Nullable Object object, String key) {
        return field(object, key) instanceof List<?> list ? list : List.of();
    }

    private static @Nullable Object field(@Nullable Object object, String key) {
        return object instanceof Map<?, ?> map ? map.get(key) : null;
    }
}
