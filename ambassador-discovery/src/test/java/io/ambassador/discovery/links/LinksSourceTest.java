package io.ambassador.discovery.links;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.FixedSourceContract;
import io.ambassador.testkit.RecordingListener;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The contract runs with variables of this process, which the module's pom.xml sets. */
class LinksSourceTest extends FixedSourceContract {
    /** As Compose writes them for two containers of one service and one of another. */
    private static final Map<String, String> COMPOSE = Map.ofEntries(
            Map.entry("REDIS_NAME", "/web/redis"),
            Map.entry("REDIS_PORT", "tcp://172.17.0.2:6379"),
            Map.entry("REDIS_PORT_6379_TCP", "tcp://172.17.0.2:6379"),
            Map.entry("REDIS_PORT_6379_TCP_ADDR", "172.17.0.2"),
            Map.entry("REDIS_PORT_6379_TCP_PORT", "6379"),
            Map.entry("REDIS_PORT_6379_TCP_PROTO", "tcp"),
            Map.entry("REDIS_1_PORT_6379_TCP", "tcp://172.17.0.2:6379"),
            Map.entry("REDIS_2_PORT_6379_TCP", "tcp://172.17.0.3:6379"),
            Map.entry("SHOP_REDIS_1_PORT_6379_TCP", "tcp://172.17.0.2:6379"),
            Map.entry("SHOP_REDIS_2_PORT_6379_TCP", "tcp://172.17.0.3:6379"),
            Map.entry("MY_QUEUE_PORT_5672_TCP_ADDR", "fd00::4"),
            Map.entry("MY_QUEUE_PORT_5672_TCP_PORT", "5672"),
            Map.entry("MY_QUEUE_PORT_15672_TCP", "tcp://queue.internal:15672"),
            Map.entry("MY_QUEUE_PORT_53_UDP", "udp://172.17.0.4:53"),
            Map.entry("FAR_PORT_99999_TCP", "tcp://172.17.0.4:1"));

    @Override
    protected String type() {
        return "links";
    }

    @Override
    protected Registry startRegistry() {
        return new Registry() {
            private String alias = "";

            @Override
            public void set(Set<String> all) {
                alias = all.size() == 1 ? "one" : "two";
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("alias", alias);
            }

            @Override
            public void close() {}
        };
    }

    private static LinksConfig parse(Map<String, String> environment, String uri) throws Exception {
        LinksProvider provider = new LinksProvider(() -> environment);
        Settings settings = Settings.of("discovery", provider.settingsOf(DiscoveryUri.parse(uri)));
        Configured<LinksProvider> configured = Configured.parse(provider, settings);
        settings.throwIfWrong();
        return (LinksConfig) configured.config();
    }

    private static List<String> places(String uri) throws Exception {
        return parse(COMPOSE, uri).entries().stream()
                .map(entry -> entry.host() + " " + entry.port())
                .toList();
    }

    @Test
    void containersOfOneServiceAreEndpointsOfOne() throws Exception {
        assertEquals(List.of("172.17.0.2 6379", "172.17.0.3 6379"), places("links://redis"));
        assertEquals(List.of("172.17.0.3 6379"), places("links://REDIS_2"));
        assertEquals(List.of("172.17.0.2 6379", "172.17.0.3 6379"), places("links://shop-redis:6379"));
    }

    @Test
    void addressAndPortMayStandAlone() throws Exception {
        assertEquals(List.of("fd00::4 5672"), places("links://my-queue:5672"));
        assertEquals(List.of("queue.internal 15672"), places("links://my-queue:15672"));
    }

    @Test
    void oneOfSeveralPortsHasToBeChosen() {
        Exception wrong = assertThrows(Exception.class, () -> places("links://my-queue"));
        assertTrue(
                String.valueOf(wrong.getMessage())
                        .contains("port: is missing: MY_QUEUE is linked with the ports [5672, 15672]"),
                wrong::getMessage);
    }

    @Test
    void anotherKindOfValueIsRefusedWithItsVariable() {
        Exception wrong = assertThrows(
                Exception.class, () -> parse(Map.of("WEB_PORT_80_TCP", "tcp://172.17.0.2"), "links://web"));
        assertTrue(
                String.valueOf(wrong.getMessage()).contains("environment variable WEB_PORT_80_TCP: "),
                wrong::getMessage);
        assertThrows(Exception.class, () -> parse(Map.of("WEB_PORT_80_TCP", "nonsense"), "links://web"));
        assertThrows(
                IllegalArgumentException.class, () -> new LinksProvider().settingsOf(DiscoveryUri.parse("links://")));
    }

    @Test
    void whatIsNotLinkedIsAbsentAndTellsWhatIs() throws Exception {
        try (ControlThread control = new ControlThread();
                RecordingListener seen = RecordingListener.watch(new LinksProvider()
                        .create(
                                parse(Map.of("DB_PORT_5432_TCP", "tcp://172.17.0.9:5432"), "links://redis:6379"),
                                control.scheduler()))) {
            await().until(() -> seen.last() != null);

            assertEquals(new Absent("the environment has no REDIS_PORT_6379_TCP (linked: DB:5432)"), seen.last());
        }
    }

    @Test
    void onePortIsOneService() {
        Map<String, String> environment = Map.of(
                "REDIS_PORT_6379_TCP", "tcp://172.17.0.2:6379",
                "REDIS_1_PORT_6379_TCP", "tcp://172.17.0.2:6379",
                "SHOP_REDIS_1_PORT_6379_TCP", "tcp://172.17.0.2:6379",
                "DB_PORT_5432_TCP", "tcp://172.17.0.4:5432");
        assertEquals(Map.of(5432, "DB", 6379, "REDIS"), Link.services(environment));

        Exception twice = assertThrows(
                IllegalArgumentException.class,
                () -> Link.services(Map.of(
                        "CACHE_PORT_6379_TCP", "tcp://172.17.0.5:6379",
                        "REDIS_PORT_6379_TCP", "tcp://172.17.0.2:6379")));
        assertEquals(
                "port 6379 is linked of CACHE and of REDIS. Forward each by its name instead: ambassador forward"
                        + " 6379=links://CACHE:6379 6380=links://REDIS:6379",
                twice.getMessage());
        assertThrows(IllegalArgumentException.class, () -> Link.services(Map.of("HOME", "/root")));
    }
}
