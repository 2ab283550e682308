package io.ambassador.discovery.marathon;

import io.ambassador.discovery.support.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The port of an app that is meant, and where each of its tasks has it.
 *
 * @param number in the container, or on a host network the one that the app asked for
 * @param index of the host's port among those of each task; -1 if there is none, but one of the task's own address
 */
record AppPort(String name, int number, int index) {
    private static final String NUMBER = "\\d+";

    /** @throws IllegalArgumentException if it cannot be told which is meant; the message says which there are */
    static AppPort of(Json app, MarathonConfig config) {
        List<AppPort> all = all(app);
        String wanted = config.port();
        List<AppPort> chosen = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            AppPort port = all.get(i);
            boolean means = config.portIndex() >= 0
                    ? i == config.portIndex()
                    : wanted.isEmpty()
                            || (wanted.matches(NUMBER)
                                    ? wanted.equals(Integer.toString(port.number))
                                    : wanted.equals(port.name));
            if (means && port.number >= 0) {
                chosen.add(port);
            }
        }
        if (chosen.size() != 1) {
            throw new IllegalArgumentException(problem(all, chosen, config));
        }
        return chosen.get(0);
    }

    private static String problem(List<AppPort> all, List<AppPort> chosen, MarathonConfig config) {
        TreeSet<String> known = new TreeSet<>();
        all.stream()
                .filter(port -> port.number >= 0)
                .forEach(port -> known.add(port.name.isEmpty() ? Integer.toString(port.number) : port.name));
        String list = known.isEmpty() ? "" : " (known: " + String.join(", ", known) + ")";
        if (config.portIndex() >= 0) {
            return "has no TCP port of index " + config.portIndex() + list;
        }
        if (config.port().isEmpty()) {
            return "has not one TCP port, but " + chosen.size() + list + ". Say which: port";
        }
        return "has " + (chosen.isEmpty() ? "no" : "more than one") + " TCP port " + config.port() + list;
    }

    /** In the app's order; those of other protocols are there, since they count for the index, but have no number. */
    private static List<AppPort> all(Json app) {
        Json container = app.get("container");
        List<Json> mappings = container.get("portMappings").elements();
        if (mappings.isEmpty()) {
            mappings = container.get("docker").get("portMappings").elements();
        }
        List<AppPort> ports = new ArrayList<>();
        int index = 0;
        if (!mappings.isEmpty()) {
            boolean ownAddress = ownAddress(app);
            for (Json mapping : mappings) {
                boolean onHost = !ownAddress || mapping.get("hostPort").exists();
                ports.add(port(mapping, "containerPort", onHost ? index++ : -1));
            }
            return ports;
        }
        for (Json definition : app.get("portDefinitions").elements()) {
            ports.add(port(definition, "port", index++));
        }
        if (ports.isEmpty()) { // as before Marathon 1.0
            for (Json number : app.get("ports").elements()) {
                ports.add(new AppPort("", number(number.text()), index++));
            }
        }
        return ports;
    }

    private static AppPort port(Json port, String numberKey, int index) {
        String protocol = port.text("protocol");
        boolean tcp = protocol.isEmpty() || List.of(protocol.split(",")).contains("tcp");
        return new AppPort(port.text("name"), tcp ? port.integer(numberKey, 0) : -1, index);
    }

    private static int number(String text) {
        return text.matches("\\d{1,5}") ? Integer.parseInt(text) : -1;
    }

    /** Whether each task has an address of its own, so that a port need not be one of its host. */
    private static boolean ownAddress(Json app) {
        return app.get("networks").elements().stream()
                        .anyMatch(network -> network.text("mode").equals("container"))
                || app.get("container").get("docker").text("network").equals("USER")
                || app.get("ipAddress").isObject();
    }
}
