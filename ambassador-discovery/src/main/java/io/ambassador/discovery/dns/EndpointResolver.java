package io.ambassador.discovery.dns;

import io.ambassador.discovery.dns.Shares.Resolved;
import io.ambassador.discovery.support.Answer;
import io.ambassador.discovery.support.Backoff;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.EndpointState.Known;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Turns entries into endpoints, for sources whose entries may be host names. Opens a socket only once there is a name
 * to look up. To be used on the control thread; {@link #close()} is for any thread.
 */
public final class EndpointResolver implements AutoCloseable {
    /** What an endpoint's metadata call the DNS name that its address came from. */
    public static final String NAME = "name";

    private final DnsClient client;
    private final AddressLookup addresses;

    public EndpointResolver(DnsOptions options, ScheduledExecutorService scheduler) {
        this(options, scheduler, SystemFiles.ofThisMachine());
    }

    EndpointResolver(DnsOptions options, ScheduledExecutorService scheduler, SystemFiles system) {
        client = new DnsClient(scheduler, options.timeout());
        addresses = new AddressLookup(new RecordLookup(client, options.resolvers(), system), options, system);
    }

    /** For watches that look names up. Short: a query is small, and a server that is back should be noticed in 2 s. */
    public static Backoff newBackoff() {
        return new Backoff(Duration.ofMillis(250), Duration.ofMillis(750));
    }

    /**
     * Looks up every name among {@code entries} and completes on the control thread. What can be resolved is known; if
     * nothing can, one failure makes the whole unreachable. Addresses are good for ever, names as long as their TTL.
     */
    public CompletionStage<Answer> resolve(List<EndpointEntry> entries) {
        List<String> names = entries.stream()
                .filter(entry -> !entry.isLiteral())
                .map(EndpointEntry::host)
                .distinct()
                .toList();
        addresses.forgetAllBut(names);
        Map<String, CompletableFuture<Addresses>> lookups = new HashMap<>();
        names.forEach(name -> lookups.put(name, addresses.find(name)));
        return CompletableFuture.allOf(lookups.values().toArray(CompletableFuture[]::new))
                .thenApply(done -> answer(entries, lookups));
    }

    @Override
    public void close() {
        client.close();
    }

    private static Answer answer(List<EndpointEntry> entries, Map<String, CompletableFuture<Addresses>> lookups) {
        List<Resolved> resolved = new ArrayList<>();
        boolean fresh = false;
        boolean nameExists = entries.isEmpty();
        DiscoveryException problem = null;
        for (EndpointEntry entry : entries) {
            CompletableFuture<Addresses> lookup = lookups.get(entry.host());
            if (lookup == null) {
                resolved.add(new Resolved(entry, List.of(entry.host())));
                fresh = true;
                continue;
            }
            Addresses found = lookup.join();
            resolved.add(new Resolved(named(entry), found.found()));
            fresh |= found.outcome() == Addresses.Outcome.FOUND;
            nameExists |= found.outcome() == Addresses.Outcome.NONE;
            if (found.outcome() == Addresses.Outcome.FAILED) {
                problem = found.problem();
            }
        }
        Duration goodFor = lookups.isEmpty() ? null : Ttl.goodFor(leastTtl(lookups));
        return answer(resolved, fresh, nameExists, problem, goodFor);
    }

    private static Answer answer(
            List<Resolved> resolved,
            boolean fresh,
            boolean nameExists,
            @Nullable DiscoveryException problem,
            @Nullable Duration goodFor) {
        if (!fresh && problem != null) {
            return Answer.unreachable(problem);
        }
        if (!fresh && !nameExists) {
            return Answer.absent(
                    "DNS knows no " + resolved.get(0).entry().host()
                            + (resolved.size() > 1 ? ", nor the other hosts" : ""),
                    goodFor);
        }
        return Answer.known(new Known(Shares.endpoints(resolved)), goodFor);
    }

    private static long leastTtl(Map<String, CompletableFuture<Addresses>> lookups) {
        return lookups.values().stream()
                .mapToLong(lookup -> lookup.join().ttlSeconds())
                .min()
                .orElse(Ttl.NEGATIVE_SECONDS);
    }

    static EndpointEntry named(EndpointEntry entry) {
        return entry.withMetadata(NAME, entry.host());
    }
}
