package io.ambassador.discovery.dns;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.DnsReply;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ScriptedDns;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A scripted DNS server, a control thread, and watches of what they serve. */
abstract class Scripted {
    static final String SERVICE = "_redis._tcp.example.com";

    ScriptedDns dns;
    ControlThread control;

    @BeforeEach
    final void start() {
        dns = ScriptedDns.start();
        control = new ControlThread();
    }

    @AfterEach
    final void stop() {
        dns.close();
        control.close();
    }

    /** Follows {@link #SERVICE}, IPv4 alone. */
    final RecordingListener watchService() {
        return watch("srv://" + SERVICE + "?family=ipv4&resolver=" + dns.address());
    }

    final RecordingListener watch(String uri) {
        return RecordingListener.watch(source(uri));
    }

    final EndpointSource source(String uri) {
        return uri.startsWith("srv:") ? source(new SrvProvider(), uri) : source(new DnsProvider(), uri);
    }

    private <C extends Record> EndpointSource source(EndpointSourceProvider<C> provider, String uri) {
        Settings settings = Settings.of("discovery", provider.settingsOf(DiscoveryUri.parse(uri)));
        C config = provider.parse(settings);
        Configured.parse(provider, settings);
        assertEquals("", String.join("\n", settings.problems()));
        return provider.create(config, control.scheduler());
    }

    final void script(DnsReply reply) {
        dns.on("SRV", SERVICE, reply);
    }

    /** A reply with one target, {@code r1.example.com}, whose address comes along. */
    static DnsReply oneTarget(int ttl, String address) {
        return DnsReply.ok()
                .srv(SERVICE, ttl, 0, 10, 6379, "r1.example.com")
                .additionalA("r1.example.com", ttl, address);
    }

    static Endpoint endpoint(String host, int port, int weight, int priority, String name) {
        return new Endpoint(host, port, weight, priority, Map.of("name", name));
    }

    static void awaitKnown(RecordingListener seen, Endpoint... expected) {
        eventually(() -> assertEquals(new Known(Set.of(expected)), seen.last()));
    }

    static void awaitAddresses(RecordingListener seen, String... expected) {
        eventually(() -> assertEquals(Set.of(expected), seen.addresses(), () -> "told: " + seen.all()));
    }

    static void eventually(ThrowingRunnable assertion) {
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(assertion);
    }
}
