package io.ambassador.faults;

import io.ambassador.testkit.ConsulServer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** A real Consul agent, whose instances have checks. */
class ConsulFaultsIT extends RegistryFaults {
    @Override
    protected FreezingRegistry startRegistry() {
        ConsulServer consul = ConsulServer.start();
        return new FreezingRegistry() {
            private final Set<Integer> registered = new HashSet<>();

            @Override
            public int port() {
                return consul.port();
            }

            @Override
            public String type() {
                return "consul";
            }

            @Override
            public Map<String, ?> settings(int port) {
                return Map.of("address", "127.0.0.1:" + port, "service", "main");
            }

            @Override
            public void set(Set<Integer> ports) {
                for (int port : ports) {
                    if (registered.add(port)) {
                        consul.register(
                                "{\"Name\": \"main\", \"ID\": \"%d\", \"Address\": \"127.0.0.1\", \"Port\": %d, "
                                                .formatted(port, port)
                                        + "\"Check\": {\"TTL\": \"1h\"}}");
                    }
                    consul.check("service:" + port, "pass");
                }
                registered.stream()
                        .filter(port -> !ports.contains(port))
                        .forEach(port -> consul.check("service:" + port, "fail"));
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
            public void pause() {
                consul.pause();
            }

            @Override
            public void resume() {
                consul.resume();
            }

            @Override
            public void close() {
                consul.close();
            }
        };
    }
}
