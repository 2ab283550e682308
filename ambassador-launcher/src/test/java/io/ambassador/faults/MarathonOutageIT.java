package io.ambassador.faults;

import io.ambassador.testkit.ScriptedMarathon;
import java.util.List;
import java.util.Map;

/** A scripted Marathon, since a real one cannot be had in a test. */
class MarathonOutageIT extends RegistryOutage {
    @Override
    protected Registry startRegistry() {
        ScriptedMarathon master = ScriptedMarathon.start();
        master.app("/main", "\"portDefinitions\": [{\"port\": 10000}]");
        return new Registry() {
            @Override
            public String address() {
                return master.address();
            }

            @Override
            public String type() {
                return "marathon";
            }

            @Override
            public Map<String, ?> settings(String address) {
                return Map.of("addresses", List.of(address), "app", "/main");
            }

            @Override
            public void serve(int backend) {
                master.tasks("/main", "{\"host\": \"127.0.0.1\", \"ports\": [" + port(backend) + "]}");
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
            public void freeze() {
                master.freeze();
            }

            @Override
            public void thaw() {
                master.thaw();
            }

            @Override
            public void close() {
                master.close();
            }
        };
    }
}
