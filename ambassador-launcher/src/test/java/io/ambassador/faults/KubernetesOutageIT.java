package io.ambassador.faults;

import io.ambassador.testkit.ScriptedKubernetes;
import java.util.Map;

/** A scripted API server, since a real one cannot be had in a test. */
class KubernetesOutageIT extends RegistryOutage {
    @Override
    protected Registry startRegistry() {
        ScriptedKubernetes api = ScriptedKubernetes.start();
        api.service("main", "{\"port\": 80}");
        return new Registry() {
            @Override
            public String address() {
                return "127.0.0.1:" + api.port();
            }

            @Override
            public String type() {
                return "kubernetes";
            }

            @Override
            public Map<String, ?> settings(String address) {
                return Map.of("server", "http://" + address, "namespace", "prod", "service", "main");
            }

            /** One slice for each backend, of which only this one's endpoint is ready. */
            @Override
            public void serve(int backend) {
                slice(backend, true);
                slice(1 - backend, false);
            }

            private void slice(int backend, boolean ready) {
                api.slice(
                        "main-" + backend,
                        "main",
                        "{\"name\": \"\", \"port\": " + port(backend) + ", \"protocol\": \"TCP\"}",
                        "{\"addresses\": [\"127.0.0.1\"], \"conditions\": {\"ready\": " + ready + "}}");
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
            public void freeze() {
                api.freeze();
            }

            @Override
            public void thaw() {
                api.thaw();
            }

            @Override
            public void close() {
                api.close();
            }
        };
    }
}
