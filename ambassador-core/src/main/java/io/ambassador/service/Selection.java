package io.ambassador.service;

import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Picker;
import io.ambassador.spi.protocol.ServerRole;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which of a pool's members new connections use, and how much each. In this order: those of the wanted role that nobody
 * drains; without those that flap, if any other is available; the lowest priority that has anybody available; all of
 * these if too few are available, else without the unhealthy and the ejected; of these the own zone's share and the
 * others'. Control thread only.
 *
 * @param wanted of the wanted role
 * @param tier of the priority in use
 * @param used chosen among
 * @param spare available ones of other zones, for connections that a used one has failed
 * @param available of the tier
 * @param panic whether so few are available that all are used
 * @param localShare of new connections that stay in the own zone; 1 if there is none
 * @param rising whether a weight is still less than it will be
 */
record Selection(
        List<PooledEndpoint> wanted,
        List<PooledEndpoint> tier,
        List<PooledEndpoint> used,
        List<PooledEndpoint> spare,
        int available,
        boolean panic,
        double localShare,
        boolean rising) {
    static final Selection NONE = new Selection(List.of(), List.of(), List.of(), List.of(), 0, false, 1, false);

    /** Chooses, and sets the weights of those it has chosen. */
    static Selection of(ServiceSpec spec, Collection<PooledEndpoint> members) {
        List<PooledEndpoint> wanted = steady(wanted(spec.role(), members));
        List<PooledEndpoint> tier = preferredTier(wanted);
        int available = count(tier, PooledEndpoint::isAvailable);
        boolean panic = !tier.isEmpty() && available < spec.health().panicThreshold() * tier.size();
        List<PooledEndpoint> fit = panic ? tier : withoutEjected(spec.health().outlier(), tier);
        Weights weights = new Weights(spec.health().slowStart(), members);
        LocalitySpec locality = spec.locality();
        Predicate<PooledEndpoint> isLocal =
                member -> locality == null || member.endpoint().zone().equals(locality.zone());
        if (locality == null || panic || fit.isEmpty()) {
            weights.set(fit);
            double local = fit.isEmpty() ? 1 : (double) weight(only(fit, isLocal)) / weight(fit);
            return new Selection(wanted, tier, fit, List.of(), available, panic, local, weights.areRising());
        }
        List<PooledEndpoint> local = only(fit, isLocal);
        List<PooledEndpoint> others = only(fit, isLocal.negate());
        int locals = count(tier, isLocal);
        int localAvailable = count(tier, member -> isLocal.test(member) && member.isAvailable());
        ZoneShares shares = ZoneShares.of(
                localAvailable, locals, available - localAvailable, tier.size() - locals, locality.overprovisioning());
        boolean both = shares.local() > 0 && shares.others() > 0;
        List<PooledEndpoint> used =
                both ? Stream.concat(local.stream(), others.stream()).toList() : shares.local() > 0 ? local : others;
        if (both) {
            weights.set(local, shares.local(), others);
        } else {
            weights.set(used);
        }
        return new Selection(
                wanted,
                tier,
                used,
                both || shares.local() == 0 ? List.of() : only(others, PooledEndpoint::isAvailable),
                available,
                false,
                shares.local(),
                weights.areRising());
    }

    private static List<PooledEndpoint> wanted(Role role, Collection<PooledEndpoint> members) {
        List<PooledEndpoint> wanted = only(
                members, member -> member.endpoint().weight() > 0 && !member.isDrained() && role.wants(member.role()));
        if (role == Role.PREFER_REPLICA) {
            List<PooledEndpoint> replicas =
                    only(wanted, member -> member.role() == ServerRole.REPLICA && member.isAvailable());
            return replicas.isEmpty() ? wanted : replicas;
        }
        return wanted;
    }

    /** Without those that flap, unless only they are available: damping never leaves a service without an endpoint. */
    private static List<PooledEndpoint> steady(List<PooledEndpoint> wanted) {
        List<PooledEndpoint> steady = only(wanted, member -> !member.isDamped());
        return steady.stream().anyMatch(PooledEndpoint::isAvailable) ? steady : wanted;
    }

    /** The lowest priority that has anybody available; the lowest of all if nobody is. */
    private static List<PooledEndpoint> preferredTier(List<PooledEndpoint> wanted) {
        Map<Integer, List<PooledEndpoint>> tiers = new TreeMap<>();
        for (PooledEndpoint member : wanted) {
            tiers.computeIfAbsent(member.endpoint().priority(), priority -> new ArrayList<>())
                    .add(member);
        }
        for (List<PooledEndpoint> tier : tiers.values()) {
            if (tier.stream().anyMatch(PooledEndpoint::isAvailable)) {
                return tier;
            }
        }
        return tiers.isEmpty() ? List.of() : tiers.values().iterator().next();
    }

    private static List<PooledEndpoint> withoutEjected(
            HealthSpec.@Nullable Outlier outlier, List<PooledEndpoint> tier) {
        long mayBeEjected = outlier == null ? 0 : (long) (tier.size() * outlier.maxEjected());
        if (tier.size() > 1 && outlier != null && outlier.maxEjected() > 0) {
            mayBeEjected = Math.max(1, mayBeEjected);
        }
        List<PooledEndpoint> used = new ArrayList<>();
        for (PooledEndpoint member : tier) {
            if (!member.isHealthy()) {
                continue;
            }
            if (member.ejection().isEjected() && mayBeEjected > 0) {
                mayBeEjected--;
                continue;
            }
            used.add(member);
        }
        return used;
    }

    Picker picker(BalancingPolicy policy) {
        return policy.picker(List.<Candidate>copyOf(used));
    }

    /**
     * For a connection that one has failed: over those that are well, else over those that are on trial at least; then
     * over the spare ones.
     *
     * @param first what chooses among all that are used
     */
    Picker retryPicker(BalancingPolicy policy, Picker first) {
        List<PooledEndpoint> well = only(used, PooledEndpoint::isWell);
        List<PooledEndpoint> best = well.isEmpty() ? only(used, PooledEndpoint::isAvailable) : well;
        Picker near = best.size() == used.size() ? first : policy.picker(List.<Candidate>copyOf(best));
        if (spare.isEmpty()) {
            return near;
        }
        Picker far = policy.picker(List.<Candidate>copyOf(spare));
        return pick -> {
            Candidate found = near.pick(pick);
            return found == null ? far.pick(pick) : found;
        };
    }

    private static List<PooledEndpoint> only(Collection<PooledEndpoint> members, Predicate<PooledEndpoint> suits) {
        return members.stream().filter(suits).toList();
    }

    private static long weight(List<PooledEndpoint> members) {
        return members.stream().mapToLong(PooledEndpoint::weight).sum();
    }

    private static int count(Collection<PooledEndpoint> members, Predicate<PooledEndpoint> suits) {
        return (int) members.stream().filter(suits).count();
    }
}
