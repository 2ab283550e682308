package io.ambassador.discovery.dns;

import io.ambassador.testkit.Dnsmasq;
import io.ambassador.testkit.EndpointSourceContract;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The promises of a source, kept by {@code dns} against a real dnsmasq that is killed and started again. */
class DnsSourceIT extends EndpointSourceContract {
    @Override
    protected String type() {
        return "dns";
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-dns", "dnsjava");
    }

    @Override
    protected MovingRegistry startRegistry() {
        return new DnsmasqRegistry() {
            @Override
            List<String> zone(Set<String> endpoints) {
                return endpoints.stream()
                        .map(each -> "host-record=redis.example.com," + each.substring(0, each.indexOf(':')))
                        .toList();
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("host", "redis.example.com", "port", 7001, "resolver", address());
            }
        };
    }

    abstract static class DnsmasqRegistry implements MovingRegistry {
        private final Dnsmasq dnsmasq = Dnsmasq.start(1);
        private String[] zone = {};

        abstract List<String> zone(Set<String> endpoints);

        String address() {
            return dnsmasq.address();
        }

        @Override
        public void set(Set<String> endpoints) {
            zone = zone(endpoints).toArray(String[]::new);
            dnsmasq.zone(zone);
        }

        @Override
        public void breakDown() {
            dnsmasq.kill();
        }

        @Override
        public void recover() {
            dnsmasq.zone(zone);
        }

        @Override
        public void close() {
            dnsmasq.close();
        }
    }
}
