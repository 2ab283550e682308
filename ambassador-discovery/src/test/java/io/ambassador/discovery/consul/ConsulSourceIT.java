package io.ambassador.discovery.consul;

import io.ambassador.testkit.ConsulServer;
import io.ambassador.testkit.EndpointSourceContract;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract, against a real agent. */
class ConsulSourceIT extends EndpointSourceContract {
    private static ConsulServer consul;
    private static int tests;

    @BeforeAll
    static void startConsul() {
        consul = ConsulServer.start();
    }

    @AfterAll
    static void stopConsul() {
        consul.close();
    }

    @Override
    protected String type() {
        return "consul";
    }

    @Override
    protected Duration patience() {
        return Duration.ofSeconds(20);
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-registry");
    }

    @Override
    protected MovingRegistry startRegistry() {
        String service = "contract-" + tests++;
        Set<String> registered = new HashSet<>();
        return new MovingRegistry() {
            @Override
            public void set(Set<String> endpoints) {
                endpoints.stream().filter(registered::add).forEach(this::register);
                registered.removeIf(endpoint -> {
                    boolean gone = !endpoints.contains(endpoint);
                    if (gone) {
                        consul.deregister(service + "-" + endpoint);
                    }
                    return gone;
                });
            }

            private void register(String endpoint) {
                String[] parts = endpoint.split(":");
                consul.register("{\"Name\": \"%s\", \"ID\": \"%s-%s\", \"Address\": \"%s\", \"Port\": %s}"
                        .formatted(service, service, endpoint, parts[0], parts[1]));
            }

            @Override
            public void breakDown() {
                consul.kill();
            }

            @Override
            public void recover() {
                consul.restart();
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("address", consul.address(), "service", service);
            }

            @Override
            public void close() {
                if (!consul.isAlive()) {
                    consul.restart();
                }
                set(Set.of());
            }
        };
    }
}
