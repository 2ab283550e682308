package io.ambassador.discovery.marathon;

import io.ambassador.discovery.marathon.MarathonConfig.Health;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.Json;
import io.ambassador.discovery.support.registry.LeftOut;
import io.ambassador.discovery.support.registry.Told;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads an app and its tasks.
 *
 * @see <a href="https://mesosphere.github.io/marathon/api-console/index.html">Marathon's interface, /v2/apps</a>
 */
final class AppReader {
    private static final String RUNNING = "TASK_RUNNING";

    private final MarathonConfig config;
    private final LeftOut leftOut;

    AppReader(MarathonConfig config) {
        this.config = config;
        this.leftOut = new LeftOut(config.name());
    }

    /** @throws IllegalArgumentException if no endpoint can be made of it; the message ends a sentence about the app */
    Told read(Json app, List<Json> tasks) {
        List<Json> counting = new ArrayList<>();
        for (Json task : tasks) {
            if (isRunning(task) && isHealthy(app, task)) {
                counting.add(task);
            }
        }
        if (counting.isEmpty()) {
            return new Told.Entries(List.of());
        }
        AppPort port = AppPort.of(app, config);
        List<EndpointEntry> entries = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (Json task : counting) {
            try {
                entries.add(entry(task, port));
            } catch (IllegalArgumentException e) {
                problems.add("task " + task.text("id") + ": " + e.getMessage());
            }
        }
        leftOut.report(problems);
        if (entries.isEmpty()) {
            throw new IllegalArgumentException("has no task that can be used: " + problems.get(0));
        }
        return new Told.Entries(entries);
    }

    /** Versions before 1.0 tell no state, and list those alone that have been started. */
    private static boolean isRunning(Json task) {
        String state = task.text("state");
        return state.isEmpty() || state.equals(RUNNING);
    }

    /**
     * Whether each check has passed: one that has not been made yet has not. A task of an earlier version of the app has
     * the checks of that version, which cannot be counted here.
     */
    private boolean isHealthy(Json app, Json task) {
        int checks = app.get("healthChecks").elements().size();
        if (checks == 0 || config.health() == Health.ANY) {
            return true;
        }
        boolean current = task.text("version").equals(app.text("version"));
        List<Json> results = task.get("healthCheckResults").elements();
        return results.size() >= (current ? checks : 1)
                && results.stream().allMatch(result -> result.bool("alive", false));
    }

    private static EndpointEntry entry(Json task, AppPort port) {
        Map<String, String> metadata = new HashMap<>();
        metadata.put("id", task.text("id"));
        metadata.put("version", task.text("version"));
        metadata.values().removeIf(String::isEmpty);
        String host = task.text("host");
        int number = port.number();
        if (port.index() >= 0) {
            List<Json> ports = task.get("ports").elements();
            if (port.index() >= ports.size()) {
                throw new IllegalArgumentException("has no port on its host for " + port.number());
            }
            String text = ports.get(port.index()).text();
            if (!text.matches("\\d{1,5}")) {
                throw new IllegalArgumentException("has a port on its host that is no number");
            }
            number = Integer.parseInt(text);
        } else {
            List<Json> addresses = task.get("ipAddresses").elements();
            if (addresses.isEmpty()) {
                throw new IllegalArgumentException("has no address of its own");
            }
            host = addresses.get(0).text("ipAddress");
        }
        return new EndpointEntry(host, number, 1, 0, task.text("zone"), Set.of(), metadata);
    }
}
