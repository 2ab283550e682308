package io.ambassador.faults;

import io.ambassador.testkit.ConsulServer;
import java.util.Map;

/** A real Consul agent, whose instances have checks. */
class ConsulFaultsIT extends RegistryOutage {
    @Override
    protected Registry startRegistry() {
        ConsulServer consul = ConsulServer.start();
        for (int backend = 0; backend < 2; backend++) {
            consul.register("{\"Name\": \"main\", \"ID\": \"%d\", \"Address\": \"127.0.0.1\", \"Port\": %d, "
                            .formatted(backend, port(backend))
                    + "\"Check\": {\"TTL\": \"1h\"}}");
        }
        return new Registry() {
            @Override
            public String address() {
                return consul.address();
            }

            @Override
            public String type() {
                return "consul";
            }

            @Override
            public Map<String, ?> settings(String address) {
                return Map.of("address", address, "service", "main");
            }

            @Override
            public void serve(int backend) {
                consul.check("service:" + backend, "pass");
                consul.check("service:" + (1 - backend), "fail");
            }

            @Override
            public void kill() {
                consul.kill();
            }

            @Override
            public void restart() {
                consul.restart();
            }

            @Override
            public void freeze() {
                consul.pause();
            }

            @Override
            public void thaw() {
                consul.resume();
            }

            @Override
            public void close() {
                consul.close();
            }
        };
    }
}
