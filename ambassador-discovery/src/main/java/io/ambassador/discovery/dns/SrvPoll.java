package io.ambassador.discovery.dns;

import io.ambassador.discovery.dns.Found.Outcome;
import io.ambassador.discovery.dns.Shares.Resolved;
import io.ambassador.discovery.support.Answer;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.IpAddresses;
import io.ambassador.discovery.support.PollingWatch;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.EndpointState.Known;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Type;

/** Asks for SRV records, then for the addresses of those targets that the reply did not bring along. */
final class SrvPoll implements PollingWatch.Poll {
    private record Target(EndpointEntry entry, CompletableFuture<Addresses> lookup) {}

    private final String name;
    private final Family family;
    private final DnsClient client;
    private final RecordLookup records;
    private final AddressLookup addresses;

    SrvPoll(SrvConfig config, ScheduledExecutorService scheduler, SystemFiles system) {
        DnsOptions options = config.options();
        name = config.name();
        family = options.family();
        client = new DnsClient(scheduler, options.timeout());
        records = new RecordLookup(client, options.resolvers(), system);
        addresses = new AddressLookup(records, options, system);
    }

    @Override
    public CompletionStage<Answer> ask() {
        return records.find(name, Type.SRV).thenCompose(this::resolveTargets);
    }

    @Override
    public void close() {
        client.close();
    }

    private CompletableFuture<Answer> resolveTargets(Found found) {
        if (found.outcome() == Outcome.NO_SUCH_NAME) {
            return done(Answer.absent("DNS knows no " + name, Ttl.goodFor(found.ttlSeconds())));
        }
        if (found.outcome() == Outcome.NO_RECORDS) {
            return done(Answer.known(new Known(Set.of()), Ttl.goodFor(found.ttlSeconds())));
        }
        Map<Name, CompletableFuture<Addresses>> lookups = new HashMap<>();
        List<Target> targets = new ArrayList<>();
        for (Record each : found.records()) {
            SRVRecord service = (SRVRecord) each;
            if (isUsable(service)) {
                CompletableFuture<Addresses> lookup =
                        lookups.computeIfAbsent(service.getTarget(), target -> addressesOf(target, found.additional()));
                targets.add(new Target(entry(service), lookup));
            }
        }
        if (targets.isEmpty()) { // RFC 2782: a target of "." says that the service is decidedly not there
            return done(Answer.absent("DNS says that " + name + " is not offered", Ttl.goodFor(found.ttlSeconds())));
        }
        addresses.forgetAllBut(
                targets.stream().map(target -> target.entry().host()).toList());
        return CompletableFuture.allOf(lookups.values().toArray(CompletableFuture[]::new))
                .thenApply(all -> answer(targets, found.ttlSeconds()));
    }

    /** From the records that came along, matched by name and never by position; else by asking. */
    private CompletableFuture<Addresses> addressesOf(Name target, List<Record> additional) {
        String literal = IpAddresses.canonical(target.toString(true));
        if (literal != null) { // against RFC 2782, but written often
            return done(Addresses.found(List.of(literal), Long.MAX_VALUE));
        }
        List<Record> own = additional.stream()
                .filter(each -> each.getName().equals(target) && family.includes(each.getType()))
                .toList();
        List<String> found = AddressLookup.texts(own);
        return found.isEmpty()
                ? addresses.find(target)
                : done(Addresses.found(
                        found, own.stream().mapToLong(Record::getTTL).min().orElse(0)));
    }

    private Answer answer(List<Target> targets, long srvTtl) {
        List<EndpointEntry> entries =
                Shares.withoutZeros(targets.stream().map(Target::entry).toList());
        List<Resolved> resolved = new ArrayList<>();
        boolean fresh = false;
        long ttl = srvTtl;
        DiscoveryException problem = null;
        for (int i = 0; i < entries.size(); i++) {
            Addresses found = targets.get(i).lookup().join();
            fresh |= found.outcome() == Addresses.Outcome.FOUND;
            problem = found.problem() == null ? problem : found.problem();
            ttl = Math.min(ttl, found.ttlSeconds());
            resolved.add(new Resolved(entries.get(i), found.found()));
        }
        if (fresh) {
            return Answer.known(new Known(Shares.endpoints(resolved)), Ttl.goodFor(ttl));
        }
        String example = entries.get(0).host();
        return Answer.unreachable(
                problem != null
                        ? problem
                        : new DiscoveryException(
                                "DNS SRV " + name + ": none of its targets has an address, as " + example));
    }

    private static boolean isUsable(SRVRecord service) {
        String target = service.getTarget().toString(true);
        return service.getPort() > 0 && (EndpointEntry.isName(target) || IpAddresses.parse(target) != null);
    }

    private static EndpointEntry entry(SRVRecord service) {
        String target = service.getTarget().toString(true);
        return new EndpointEntry(
                target,
                service.getPort(),
                service.getWeight(),
                service.getPriority(),
                Map.of(EndpointResolver.NAME, target));
    }

    private static <T> CompletableFuture<T> done(T value) {
        return CompletableFuture.completedFuture(value);
    }
}
