package io.ambassador.discovery.dns;

import io.ambassador.discovery.support.DiscoveryFailure;
import io.ambassador.discovery.support.IpAddresses;
import io.ambassador.spi.discovery.DiscoveryException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

/**
 * Finds the addresses of host names, in the hosts file (unless resolvers were given) and in DNS. Remembers the last good
 * answer for each name and type, so that a failure of one of them does not look like an empty answer. Runs on the
 * control thread.
 */
final class AddressLookup {
    private record Question(String host, int type) {}

    /** One type's share: what was found, or why not. */
    private record Part(
            int type, @Nullable Found found, @Nullable DiscoveryException problem) {}

    private final RecordLookup records;
    private final DnsOptions options;
    private final SystemFiles system;
    private final Map<Question, List<String>> remembered = new HashMap<>();

    AddressLookup(RecordLookup records, DnsOptions options, SystemFiles system) {
        this.records = records;
        this.options = options;
        this.system = system;
    }

    /** Never fails: failure is one of the outcomes. */
    CompletableFuture<Addresses> find(String host) {
        return find(host, type -> records.find(host, type));
    }

    /** The same for a name as DNS gave it, in full. */
    CompletableFuture<Addresses> find(Name name) {
        return find(name.toString(true), type -> records.find(name, type));
    }

    /** Forgets the names that are not among {@code hosts} any more. */
    void forgetAllBut(List<String> hosts) {
        remembered.keySet().removeIf(question -> !hosts.contains(question.host()));
    }

    private CompletableFuture<Addresses> find(String host, IntFunction<CompletableFuture<Found>> ask) {
        List<String> local = localAddresses(host);
        if (!local.isEmpty()) {
            return CompletableFuture.completedFuture(Addresses.found(local, Ttl.HOSTS_FILE_SECONDS));
        }
        List<CompletableFuture<Part>> parts = new ArrayList<>();
        for (int type : options.family().types()) {
            parts.add(ask.apply(type).handle((found, failure) -> new Part(type, found, problem(failure))));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApply(done -> combine(
                        host, parts.stream().map(CompletableFuture::join).toList()));
    }

    private Addresses combine(String host, List<Part> parts) {
        List<String> fresh = new ArrayList<>();
        List<String> before = new ArrayList<>();
        DiscoveryException problem = null;
        boolean nameExists = false;
        long ttl = Long.MAX_VALUE;
        for (Part part : parts) {
            Question question = new Question(host, part.type());
            Found found = part.found();
            if (found == null) {
                problem = part.problem();
                before.addAll(remembered.getOrDefault(question, List.of()));
                continue;
            }
            nameExists |= found.outcome() != Found.Outcome.NO_SUCH_NAME;
            List<String> addresses = texts(found.records());
            remembered.put(question, addresses);
            fresh.addAll(addresses);
            ttl = Math.min(ttl, addresses.isEmpty() ? Long.MAX_VALUE : found.ttlSeconds());
        }
        long negativeTtl = parts.stream()
                .mapToLong(part -> part.found() == null
                        ? Ttl.INCOMPLETE_SECONDS
                        : part.found().ttlSeconds())
                .min()
                .orElse(Ttl.NEGATIVE_SECONDS);
        if (!fresh.isEmpty()) {
            fresh.addAll(before);
            return new Addresses(
                    Addresses.Outcome.FOUND, fresh, problem == null ? ttl : Ttl.INCOMPLETE_SECONDS, problem);
        }
        if (problem != null) {
            return new Addresses(Addresses.Outcome.FAILED, before, Ttl.INCOMPLETE_SECONDS, problem);
        }
        return new Addresses(
                nameExists ? Addresses.Outcome.NONE : Addresses.Outcome.NO_SUCH_NAME, List.of(), negativeTtl, null);
    }

    /** From the hosts file; {@code localhost} is never asked for in DNS (RFC 6761, section 6.3). */
    private List<String> localAddresses(String host) {
        String name = (host.endsWith(".") ? host.substring(0, host.length() - 1) : host).toLowerCase(Locale.ROOT);
        boolean isLocalhost = name.equals("localhost") || name.endsWith(".localhost");
        List<String> local = new ArrayList<>();
        if (isLocalhost || options.resolvers().isEmpty()) {
            for (InetAddress address : system.addresses(name)) {
                if (options.family().includes(address instanceof Inet4Address ? Type.A : Type.AAAA)) {
                    local.add(IpAddresses.text(address));
                }
            }
        }
        if (local.isEmpty() && isLocalhost) {
            if (options.family().includes(Type.A)) {
                local.add("127.0.0.1");
            }
            if (options.family().includes(Type.AAAA)) {
                local.add("::1");
            }
        }
        return local;
    }

    /** The addresses in A and AAAA records; other types are passed over. */
    static List<String> texts(List<Record> records) {
        List<String> texts = new ArrayList<>();
        for (Record each : records) {
            if (each instanceof ARecord a) {
                texts.add(IpAddresses.text(a.getAddress()));
            } else if (each instanceof AAAARecord aaaa) {
                texts.add(IpAddresses.text(aaaa.getAddress()));
            }
        }
        return texts;
    }

    /** What {@code failure} means for discovery; {@code null} if there was none. */
    static @Nullable DiscoveryException problem(@Nullable Throwable failure) {
        return failure == null ? null : DiscoveryFailure.of("DNS look-up failed", failure);
    }
}
