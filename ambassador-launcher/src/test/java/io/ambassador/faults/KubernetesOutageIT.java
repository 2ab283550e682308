package io.ambassador.faults;

import io.ambassador.testkit.ScriptedKubernetes;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A scripted API server, since a real one cannot be had in a test. */
class KubernetesOutageIT extends RegistryOutage {
    @Override
    protected Registry startRegistry() {
        ScriptedKubernetes api = ScriptedKubernetes.start();
        api.service("main", "{\"port\": 80}");
        return new Registry() {
            private final Set<Integer> slices = new TreeSet<>();

            @Override
            public int port() {
                return api.port();
            }

            @Override
            public String type() {
                return "kubernetes";
            }

            @Override
            public Map<String, ?> settings(int port) {
                return Map.of("server", "http://127.0.0.1:" + port, "namespace", "prod", "service", "main");
            }

            /** One slice for each port, whose endpoint is ready. */
            @Override
            public void set(Set<Integer> ports) {
                for (int port : new TreeSet<>(slices)) {
                    if (!ports.contains(port)) {
                        api.removeSlice("main-" + port);
                        slices.remove(port);
                    }
                }
                for (int port : ports) {
                    if (slices.add(port)) {
                        api.slice(
                                "main-" + port,
                                "main",
                                "{\"name\": \"\", \"port\": " + port + ", \"protocol\": \"TCP\"}",
                                "{\"addresses\": [\"127.0.0.1\"], \"conditions\": {\"ready\": true}}");
                    }
                }
            }

            @Override
            public void kill() {
                api.stop();
            }

            @Override
            public void restart() {
                api.restart();
            }

            @Override
            public void close() {
                api.close();
            }
        };
    }
}
