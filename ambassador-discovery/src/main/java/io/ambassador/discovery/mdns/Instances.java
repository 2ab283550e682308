package io.ambassador.discovery.mdns;

import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.dns.Family;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.IpAddresses;
import io.ambassador.spi.PeerText;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.xbill.DNS.Name;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Type;

/** Makes endpoints of what a cache knows: one for each place that an instance names. */
final class Instances {
    /** @param problems why an instance is left out, one an instance */
    record Found(List<EndpointEntry> entries, List<String> problems) {}

    private final Link link;
    private final Family family;

    Instances(Link link, Family family) {
        this.link = link;
        this.family = family;
    }

    Found of(Cache cache) {
        List<EndpointEntry> entries = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        for (Name instance : cache.instances()) {
            for (SRVRecord at : cache.at(instance)) {
                try {
                    entry(cache, instance, at).ifPresent(entries::add);
                } catch (IllegalArgumentException e) {
                    problems.add(PeerText.escape(ServiceType.instanceText(instance)) + ": " + e.getMessage());
                }
            }
        }
        return new Found(entries, problems);
    }

    /** Empty as long as its address has not been told. */
    private Optional<EndpointEntry> entry(Cache cache, Name instance, SRVRecord at) {
        String host = at.getTarget().toString(true);
        List<InetAddress> all = cache.addresses(at.getTarget());
        if (all.isEmpty()) {
            return Optional.empty();
        }
        InetAddress address = all.stream()
                .filter(this::isUsable)
                .min(Comparator.comparing((InetAddress each) -> each instanceof Inet6Address)
                        .thenComparing(each -> !link.isOnLink(each))
                        .thenComparing(IpAddresses::text))
                .orElseThrow(() -> new IllegalArgumentException(PeerText.escape(host)
                        + " has no address that can be used, as " + IpAddresses.text(all.get(0))));
        Map<String, String> metadata = new HashMap<>();
        cache.texts(instance).forEach(txt -> metadata.putAll(Txt.metadata(txt)));
        metadata.put("instance", ServiceType.instanceText(instance));
        metadata.put(EndpointResolver.NAME, host);
        return Optional.of(new EndpointEntry(
                IpAddresses.text(address), at.getPort(), Math.max(1, at.getWeight()), at.getPriority(), metadata));
    }

    /** This machine's own services are nobody else's to announce, and a link-local IPv6 address needs an interface. */
    private boolean isUsable(InetAddress address) {
        return family.includes(address instanceof Inet4Address ? Type.A : Type.AAAA)
                && !address.isAnyLocalAddress()
                && !address.isMulticastAddress()
                && (!address.isLoopbackAddress() || link.isLoopback())
                && !(address instanceof Inet6Address && address.isLinkLocalAddress());
    }
}
