package io.ambassador.auth.redis;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ambassador.Ambassador;
import io.ambassador.metrics.Meters;
import io.ambassador.service.Credentials;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.LocalitySpec;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.Ports;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What is said of the meters is so, of each of them, in a registry of an embedder's own. */
class MetersIT {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void everyMeterIsThereWithItsLabelsAndGoesInTheEnd() throws Exception {
        try (RedisServer redis = RedisServer.withPassword("right")) {
            Endpoint up = Endpoint.of("127.0.0.1", redis.port());
            Endpoint down = Endpoint.of("127.0.0.1", Ports.free());
            try (Ambassador ambassador = Ambassador.builder()
                    .meterRegistry(registry)
                    .service(
                            "redis",
                            service -> service.listen("127.0.0.1", 0)
                                    .protocol("redis")
                                    .locality(LocalitySpec.of("here"))
                                    .limits(LimitsSpec.DEFAULT.withPrewarm(1, Duration.ofMinutes(1)))
                                    .credentials(Credentials.of(null, "literal", "right"))
                                    .discover(listener -> {
                                        listener.onState(new EndpointState.Known(Set.of(up, down)));
                                        return () -> {};
                                    }))
                    .start()) {
                await().until(ambassador::isReady);
                for (int i = 0; i < 4; i++) {
                    try (RespClient client = RespClient.connect(ambassador.address("redis"))) {
                        assertEquals("PONG", client.command("PING"));
                    }
                }
                redis.command("CONFIG", "SET", "requirepass", "another");
                await().untilAsserted(
                                () -> { // those that are logged in already still are
                                    try (RespClient refused = RespClient.connect(ambassador.address("redis"))) {
                                        assertThrows(RespClient.ErrorReply.class, () -> refused.command("PING"));
                                    }
                                });
                assertThrows(
                        ConfigurationException.class,
                        () -> ambassador.apply(() -> {
                            throw new ConfigurationException("not this one");
                        }));

                ambassador.apply(ambassador.specs());
                for (Meters meter : Meters.values()) {
                    await(meter.meterName()).untilAsserted(() -> assertEquals(Set.of(labels(meter)), found(meter)));
                }
                assertEquals(1, role(up, "primary"));
                assertEquals(0, role(up, "replica"));
            }
            List<String> left = registry.getMeters().stream()
                    .map(meter -> meter.getId().toString())
                    .toList();
            assertEquals(List.of(), left, "meters of an ambassador that is gone");
        }
    }

    private double role(Endpoint endpoint, String role) {
        return registry.get(Meters.ENDPOINT_ROLE.meterName())
                .tags("service", "redis", "endpoint", endpoint.address(), "role", role)
                .gauge()
                .value();
    }

    private static Set<String> labels(Meters meter) {
        return new TreeSet<>(meter.tags());
    }

    /** The sets of labels that a meter is found with. */
    private Set<Set<String>> found(Meters meter) {
        Collection<Meter> meters = registry.find(meter.meterName()).meters();
        return meters.stream()
                .map(each -> each.getId().getTags().stream()
                        .map(Tag::getKey)
                        .collect(Collectors.<String, Set<String>>toCollection(TreeSet::new)))
                .collect(Collectors.toSet());
    }
}
