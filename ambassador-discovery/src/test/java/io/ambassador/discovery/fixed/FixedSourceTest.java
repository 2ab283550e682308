package io.ambassador.discovery.fixed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.DnsReply;
import io.ambassador.testkit.FixedSourceContract;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ScriptedDns;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class FixedSourceTest extends FixedSourceContract {
    private final FixedProvider provider = new FixedProvider();

    @Override
    protected String type() {
        return "static";
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-dns");
    }

    @Override
    protected Registry startRegistry() {
        return new Registry() {
            private List<String> endpoints = List.of();

            @Override
            public void set(Set<String> all) {
                endpoints = List.copyOf(all);
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("endpoints", endpoints);
            }

            @Override
            public void close() {}
        };
    }

    private Settings settings(String uri) {
        return Settings.of("discovery", provider.settingsOf(DiscoveryUri.parse(uri)));
    }

    private FixedConfig parse(String uri) throws Exception {
        Settings settings = settings(uri);
        Configured<FixedProvider> configured = Configured.parse(provider, settings);
        settings.throwIfWrong();
        return (FixedConfig) configured.config();
    }

    @Test
    void weightAndPriorityBelongToTheHostBefore() throws Exception {
        assertEquals(
                List.of(
                        new EndpointEntry("10.0.0.1", 6379, 3, 0, Map.of()),
                        new EndpointEntry("::1", 6380, 1, 2, Map.of()),
                        new EndpointEntry("redis.example.com", 6381, 0, 1, Map.of())),
                parse(
                                "static://10.0.0.1:6379;weight=3,[::1]:6380;priority=2,redis.example.com:6381;weight=0;priority=1")
                        .entries());
    }

    @Test
    void everyMistakeIsReportedWithItsText() {
        Settings settings = settings(
                "static://10.0.0.1,10.0.0.1:70000,::1:6379,300.1.1.1:1,10.0.0.1:1;wieght=2,-x:1?resolvr=1.1.1.1");
        Configured.parse(provider, settings);

        String problems = String.join("\n", settings.problems());
        assertEquals(7, settings.problems().size(), problems);
        assertTrue(problems.contains("\"300.1.1.1:1\" is not host:port"), problems);
        assertTrue(problems.contains("did you mean resolver?"), problems);
        assertThrows(IllegalArgumentException.class, () -> settings("static://"));
        assertThrows(IllegalArgumentException.class, () -> settings("static://10.0.0.1:1/path"));
    }

    @Test
    void addressesDoNotWaitForNames() throws Exception {
        try (ScriptedDns dns = ScriptedDns.start();
                ControlThread control = new ControlThread()) {
            dns.on("A", "r.example.com", DnsReply.silence());
            FixedConfig config =
                    parse("static://10.0.0.1:6379,r.example.com:6379?timeout=5s&family=ipv4&resolver=" + dns.address());
            try (RecordingListener seen = RecordingListener.watch(provider.create(config, control.scheduler()))) {
                Awaitility.await()
                        .atMost(Duration.ofSeconds(4))
                        .untilAsserted(() -> assertEquals(Set.of("10.0.0.1:6379"), seen.addresses()));

                dns.on("A", "r.example.com", DnsReply.ok().a("r.example.com", 1, "10.0.0.2"));
                awaitAddresses(seen, Set.of("10.0.0.1:6379", "10.0.0.2:6379"));
            }
        }
    }

    @Test
    void hostsWeightIsSharedAmongItsAddresses() throws Exception {
        try (ScriptedDns dns = ScriptedDns.start();
                ControlThread control = new ControlThread()) {
            dns.on(
                    "A",
                    "r.example.com",
                    DnsReply.ok().a("r.example.com", 60, "10.0.0.2").a("r.example.com", 60, "10.0.0.3"));
            FixedConfig config =
                    parse("static://r.example.com:6379;weight=3,10.0.0.1:6379?family=ipv4&resolver=" + dns.address());
            try (RecordingListener seen = RecordingListener.watch(provider.create(config, control.scheduler()))) {
                Map<String, String> name = Map.of("name", "r.example.com");
                Awaitility.await()
                        .untilAsserted(() -> assertEquals(
                                new Known(Set.of(
                                        new Endpoint("10.0.0.1", 6379, 2, 0, Map.of()),
                                        new Endpoint("10.0.0.2", 6379, 3, 0, name),
                                        new Endpoint("10.0.0.3", 6379, 3, 0, name))),
                                seen.last()));
            }
        }
    }
}
