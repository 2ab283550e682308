package io.ambassador.discovery.docker;

import io.ambassador.discovery.support.http.Target;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the engine is asked for: a JSON object of lists, as it wants it. */
final class Filters {
    private final Map<String, List<String>> filters = new TreeMap<>();

    Filters with(String name, List<String> values) {
        filters.put(name, values);
        return this;
    }

    /** @param path of the API, such as {@code /events} */
    String target(String path) {
        return new Target(path).query("filters", toString()).toString();
    }

    @Override
    public String toString() {
        StringBuilder json = new StringBuilder("{");
        filters.forEach((name, values) -> {
            json.append(json.length() > 1 ? "," : "").append(quoted(name)).append(":[");
            for (int i = 0; i < values.size(); i++) {
                json.append(i > 0 ? "," : "").append(quoted(values.get(i)));
            }
            json.append(']');
        });
        return json.append('}').toString();
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c < ' ') {
                quoted.append(String.format("\\u%04x", c));
            } else {
                quoted.append(c == '"' || c == '\\' ? "\\" : "").append((char) c);
            }
        });
        return quoted.append('"').toString();
    }
}
