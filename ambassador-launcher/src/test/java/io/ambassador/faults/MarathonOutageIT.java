package io.ambassador.faults;

import io.ambassador.testkit.ScriptedMarathon;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A scripted Marathon, since a real one cannot be had in a test. */
class MarathonOutageIT extends RegistryOutage {
    @Override
    protected Registry startRegistry() {
        ScriptedMarathon master = ScriptedMarathon.start();
        master.app("/main", "\"portDefinitions\": [{\"port\": 10000}]");
        return new Registry() {
            @Override
            public int port() {
                return master.port();
            }

            @Override
            public String type() {
                return "marathon";
            }

            @Override
            public Map<String, ?> settings(int port) {
                return Map.of("addresses", List.of("127.0.0.1:" + port), "app", "/main");
            }

            @Override
            public void set(Set<Integer> ports) {
                master.tasks(
                        "/main",
                        ports.stream()
                                .map(port -> "{\"host\": \"127.0.0.1\", \"ports\": [" + port + "]}")
                                .collect(Collectors.joining(",")));
            }

            @Override
            public void kill() {
                master.stop();
            }

            @Override
            public void restart() {
                master.restart();
            }

            @Override
            public void close() {
                master.close();
            }
        };
    }
}
