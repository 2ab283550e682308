package io.ambassador.discovery.dns;

import io.ambassador.testkit.EndpointSourceContract;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The promises of a source, kept by {@code srv} against a real dnsmasq that is killed and started again. */
class SrvSourceIT extends EndpointSourceContract {
    @Override
    protected String type() {
        return "srv";
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-dns", "dnsjava");
    }

    @Override
    protected MovingRegistry startRegistry() {
        return new DnsSourceIT.DnsmasqRegistry() {
            @Override
            List<String> zone(Set<String> endpoints) {
                List<String> zone = new ArrayList<>();
                for (String each : endpoints) {
                    String address = each.substring(0, each.indexOf(':'));
                    String host = "h" + address.replace('.', '-') + ".example.com";
                    zone.add("host-record=" + host + "," + address);
                    zone.add("srv-host=_redis._tcp.example.com," + host + "," + each.substring(each.indexOf(':') + 1));
                }
                return zone;
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("name", "_redis._tcp.example.com", "resolver", address());
            }
        };
    }
}
