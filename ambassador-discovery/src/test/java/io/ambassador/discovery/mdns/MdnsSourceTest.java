package io.ambassador.discovery.mdns;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.testkit.EndpointSourceContract;
import io.ambassador.testkit.RecordingListener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.Record;

/** Against a scripted responder on the loopback interface; {@code AvahiIT} has a real one. */
class MdnsSourceTest extends EndpointSourceContract {
    private static final int TTL = 2;

    /** A service of its own, since whoever runs on this machine may be on the same link. */
    private final String service = "_t" + ThreadLocalRandom.current().nextInt(100_000_000) + "._tcp";

    private Zone zone;
    private Responder responder;

    @Override
    protected String type() {
        return "mdns";
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-registry");
    }

    @Override
    protected MovingRegistry startRegistry() throws Exception {
        zone = new Zone(service, TTL);
        responder = new Responder(zone);
        return new MovingRegistry() {
            @Override
            public void set(Set<String> endpoints) throws Exception {
                for (Map.Entry<String, String> there : zone.places().entrySet()) {
                    if (!endpoints.contains(there.getValue())) {
                        zone.remove(there.getKey());
                        responder.send(zone.goodbye(there.getKey(), there.getValue()));
                    }
                }
                for (String each : endpoints) {
                    zone.put("at " + each, each);
                    responder.send(zone.announcement("at " + each));
                }
            }

            @Override
            public void breakDown() {
                responder.silent(true);
            }

            @Override
            public void recover() {
                responder.silent(false);
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("service", service, "interface", "lo");
            }

            @Override
            public void close() throws Exception {
                responder.close();
            }
        };
    }

    @Test
    void whatComesFromElsewhereOrIsNoAnswerChangesNothing() throws Exception {
        try (RecordingListener seen = RecordingListener.watch(source())) {
            awaitAddresses(seen, Set.of("127.0.0.1:7001"));
            Zone forged = new Zone(service, 100);
            forged.put("forged", "127.6.6.6:666");
            byte[] packet = Zone.response(forged.announcement("forged"));

            Responder.sendFromElsewhere(packet);
            byte[] refused = packet.clone();
            refused[3] |= 3; // rcode NXDOMAIN
            responder.send(refused);
            byte[] query = packet.clone();
            query[2] &= 0x7f;
            responder.send(query);
            for (int length = 0; length < packet.length; length++) {
                responder.send(Arrays.copyOf(packet, length));
            }
            forged.put("forged", "224.0.0.9:666"); // as well as addresses that nobody can be reached at
            responder.send(Zone.response(forged.announcement("forged")));

            zone.put("then", "127.0.0.9:9");
            responder.send(zone.announcement("then")); // by which all before has been read
            awaitAddresses(seen, Set.of("127.0.0.1:7001", "127.0.0.9:9"));
            forged.put("forged", "127.6.6.6:666");
            responder.send(packet); // from where answers come from
            awaitAddresses(seen, Set.of("127.0.0.1:7001", "127.0.0.9:9", "127.6.6.6:666"));
        }
    }

    @Test
    void aFloodOfInstancesLeavesThoseKnownBefore() throws Exception {
        try (RecordingListener seen = RecordingListener.watch(source())) {
            awaitAddresses(seen, Set.of("127.0.0.1:7001"));
            Zone forged = new Zone(service, 100);
            List<Record> all = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                forged.put("forged " + i, "127.6.6.6:" + (1 + i));
                all.addAll(forged.announcement("forged " + i));
                if (i % 20 == 19) {
                    responder.send(Zone.response(all));
                    all.clear();
                }
            }
            await().atMost(patience()).until(() -> seen.addresses().size() == Cache.MOST_INSTANCES);
            assertTrue(seen.addresses().contains("127.0.0.1:7001"));
            assertTrue(seen.all().size() < 300, () -> seen.all().size() + " states told"); // not one a packet
        }
    }

    private static MdnsConfig parse(String uri) throws Exception {
        MdnsProvider provider = new MdnsProvider();
        Settings settings = Settings.of("discovery", provider.settingsOf(DiscoveryUri.parse(uri)));
        Configured<MdnsProvider> configured = Configured.parse(provider, settings);
        settings.throwIfWrong();
        return (MdnsConfig) configured.config();
    }

    @Test
    void theShortFormHasWhatTheBlockHas() throws Exception {
        MdnsConfig config = parse("mdns://_redis._tcp.local?interface=eth0,docker0&instance=A%20b.c&max-ttl=10s");
        assertEquals(List.of("eth0", "docker0"), config.interfaces());
        assertEquals("A b.c", config.instance());
        assertEquals("_redis._tcp", ServiceType.parse(config.service()).toString());
        assertEquals(
                "_a._sub._redis._tcp", ServiceType.parse("_a._sub._redis._tcp").toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mdns://",
                "mdns://redis",
                "mdns://_redis._sctp",
                "mdns://_redis._tcp.example.com",
                "mdns://_redis._tcp/path",
                "mdns://_redis._tcp?max-ttl=1s",
                "mdns://_redis._tcp?instance=",
                "mdns://_redis._tcp?interface=a%20b",
                "mdns://_redis._tcp?nosuch=1"
            })
    void whatItCannotBeIsRefused(String uri) {
        try {
            parse(uri);
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (Exception refused) {
            return;
        }
        throw new AssertionError(uri);
    }
}
