package io.ambassador.discovery.dns;

import io.ambassador.discovery.dns.Found.Outcome;
import io.ambassador.discovery.dns.SystemFiles.ResolvConf;
import io.ambassador.spi.discovery.DiscoveryException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;

/** Finds the records of a name and type: through the search domains, and along CNAMEs. Runs on the control thread. */
final class RecordLookup {
    private static final int MAX_CNAMES = 16;

    private final DnsClient client;
    private final List<InetSocketAddress> resolvers;
    private final SystemFiles system;

    /** @param resolvers empty means those of {@code system}, with its search domains */
    RecordLookup(DnsClient client, List<InetSocketAddress> resolvers, SystemFiles system) {
        this.client = client;
        this.resolvers = resolvers;
        this.system = system;
    }

    /** @param host a name as users write it, subject to the search domains */
    CompletableFuture<Found> find(String host, int type) {
        if (!resolvers.isEmpty()) {
            return tryInTurn(resolvers, List.of(host), 0, type, null);
        }
        ResolvConf conf = system.resolvConf();
        return tryInTurn(conf.servers(), candidates(host, conf), 0, type, null);
    }

    /** @param name as DNS gave it, in full */
    CompletableFuture<Found> find(Name name, int type) {
        List<InetSocketAddress> servers =
                resolvers.isEmpty() ? system.resolvConf().servers() : resolvers;
        return follow(servers, name, type, Long.MAX_VALUE, new HashSet<>());
    }

    /** The full names that {@code host} may mean, in the order of resolv.conf(5). */
    static List<String> candidates(String host, ResolvConf conf) {
        if (host.endsWith(".")) {
            return List.of(host);
        }
        List<String> names = new ArrayList<>();
        for (String domain : conf.search()) {
            names.add(domain.equals(".") ? host : host + "." + domain);
        }
        boolean inFullFirst = host.chars().filter(c -> c == '.').count() >= conf.ndots();
        names.add(inFullFirst ? 0 : names.size(), host);
        return names;
    }

    /** A failure ends the search: the next name may be another service, and nothing says that this one is not there. */
    private CompletableFuture<Found> tryInTurn(
            List<InetSocketAddress> servers, List<String> hosts, int index, int type, @Nullable Found best) {
        Name name;
        try {
            name = Name.fromString(hosts.get(index), Name.root);
        } catch (TextParseException e) {
            return CompletableFuture.failedFuture(
                    new DiscoveryException("\"" + hosts.get(index) + "\" is not a DNS name: " + e.getMessage(), e));
        }
        return follow(servers, name, type, Long.MAX_VALUE, new HashSet<>()).thenCompose(found -> {
            Found better = best == null || best.outcome().compareTo(found.outcome()) > 0 ? found : best;
            return found.outcome() == Outcome.RECORDS || index + 1 == hosts.size()
                    ? CompletableFuture.completedFuture(better)
                    : tryInTurn(servers, hosts, index + 1, type, better);
        });
    }

    private CompletableFuture<Found> follow(
            List<InetSocketAddress> servers, Name name, int type, long ttl, Set<Name> seen) {
        seen.add(name);
        return client.query(servers, name, type).thenCompose(reply -> {
            Name current = name;
            long least = ttl;
            while (true) {
                List<Record> records = records(reply, current, type);
                if (!records.isEmpty()) {
                    for (Record each : records) {
                        least = Math.min(least, each.getTTL());
                    }
                    return CompletableFuture.completedFuture(
                            new Found(Outcome.RECORDS, current, records, reply.getSection(Section.ADDITIONAL), least));
                }
                CNAMERecord alias = alias(reply, current);
                if (alias == null) {
                    break;
                }
                least = Math.min(least, alias.getTTL());
                current = alias.getTarget();
                if (!seen.add(current) || seen.size() > MAX_CNAMES) {
                    return CompletableFuture.failedFuture(new DiscoveryException(
                            "DNS " + name + ": its CNAMEs go in a circle or are more than " + MAX_CNAMES));
                }
            }
            if (reply.getRcode() == Rcode.NXDOMAIN) {
                return CompletableFuture.completedFuture(nothing(Outcome.NO_SUCH_NAME, current, reply, least));
            }
            return current.equals(name)
                    ? CompletableFuture.completedFuture(nothing(Outcome.NO_RECORDS, current, reply, least))
                    : follow(servers, current, type, least, seen);
        });
    }

    private static List<Record> records(Message reply, Name name, int type) {
        List<Record> records = new ArrayList<>();
        for (Record each : reply.getSection(Section.ANSWER)) {
            if (each.getType() == type && each.getName().equals(name)) {
                records.add(each);
            }
        }
        return records;
    }

    private static @Nullable CNAMERecord alias(Message reply, Name name) {
        for (Record each : reply.getSection(Section.ANSWER)) {
            if (each instanceof CNAMERecord alias && alias.getName().equals(name)) {
                return alias;
            }
        }
        return null;
    }

    /** Negative answers live as long as RFC 2308, section 5 says. */
    private static Found nothing(Outcome outcome, Name name, Message reply, long ttl) {
        long least = Math.min(ttl, Ttl.NEGATIVE_SECONDS);
        for (Record each : reply.getSection(Section.AUTHORITY)) {
            if (each instanceof SOARecord soa) {
                least = Math.min(least, Math.min(soa.getTTL(), soa.getMinimum()));
            }
        }
        return new Found(outcome, name, List.of(), List.of(), least);
    }
}
