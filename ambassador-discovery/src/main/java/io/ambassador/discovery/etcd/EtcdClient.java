package io.ambassador.discovery.etcd;

import io.ambassador.discovery.support.Backoff;
import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows paths of one cluster, for all services that use it: keeps a session with one member, and begins one with the
 * next when that fails. Only when no member serves is the cluster out of reach; what was known of a path holds until
 * then, and after.
 */
final class EtcdClient {
    private static final Logger LOG = LoggerFactory.getLogger(EtcdClient.class);

    /**
     * Short: a question is small, and a member that is back should be noticed in 2 s. At random from the first on, since
     * whoever followed a member that dies is told at one moment.
     */
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(250);

    private static final Duration LONGEST_PAUSE = Duration.ofMillis(750);

    /** Within which those who waited for a member read and follow everything, once it is back. */
    private static final Duration RETURN_SPREAD = Duration.ofMillis(750);

    /** A login costs the member much, and what is wrong with it takes a person to mend. */
    private static final Duration FIRST_LOGIN_PAUSE = Duration.ofSeconds(1);

    private static final Duration LONGEST_LOGIN_PAUSE = Duration.ofSeconds(10);

    private final EtcdCluster cluster;
    private final Control control;
    private final @Nullable RegistryPassword password;
    private final List<EtcdMember> members = new ArrayList<>();
    private volatile boolean closed;

    // On the control thread.
    private final Set<Prefix> prefixes = new LinkedHashSet<>();
    private final Backoff loginPauses = new Backoff(FIRST_LOGIN_PAUSE, LONGEST_LOGIN_PAUSE);
    private @Nullable EtcdSession session;
    private boolean started;
    private int next;
    private int failures; // since a session worked
    private final Map<Integer, String> reasons = new TreeMap<>(); // by member, why it did not serve last
    private @Nullable DiscoveryException outage;

    EtcdClient(EtcdCluster cluster, ScheduledExecutorService scheduler) {
        this.cluster = cluster;
        this.control = new Control(scheduler, "etcd " + cluster.members());
        this.password = RegistryPassword.of(cluster.password());
        for (ServerAddress address : cluster.members()) {
            members.add(new EtcdMember(address, cluster.dns(), scheduler));
        }
        this.next = ThreadLocalRandom.current().nextInt(members.size()); // ambassadors share the members out
    }

    /** Any thread; what becomes known is told on the control thread. */
    void follow(Prefix prefix) {
        control.run(() -> {
            prefixes.add(prefix);
            if (outage != null) {
                prefix.refuse(outage);
            }
            if (!started) {
                started = true;
                connect();
            } else if (session != null) {
                session.add(prefix);
            }
        });
    }

    void unfollow(Prefix prefix) {
        control.run(() -> {
            prefixes.remove(prefix);
            if (session != null) {
                session.remove(prefix);
            }
        });
    }

    /** Any thread. */
    void close() {
        closed = true;
        members.forEach(EtcdMember::close);
        control.run(() -> {
            if (session != null) {
                session.close();
            }
        });
    }

    private void connect() {
        if (closed) {
            return;
        }
        EtcdMember member = members.get(next);
        session = new EtcdSession(member, cluster, password, control, this);
        session.start(prefixes, outage == null ? Duration.ZERO : Jitter.between(Duration.ZERO, RETURN_SPREAD));
    }

    /** Every path was read from {@code member}, and is followed. */
    void works(EtcdMember member) {
        if (outage != null) {
            LOG.info("etcd {} answers again", member);
        } else if (failures > 0) {
            LOG.info("etcd: {} serves now", member);
        }
        failures = 0;
        reasons.clear();
        outage = null;
        loginPauses.reset();
    }

    /** @param login whether it was the login that was refused */
    void failed(DiscoveryException cause, boolean login) {
        session = null;
        if (closed) {
            return;
        }
        failures++;
        reasons.put(next, String.valueOf(cause.getMessage()));
        next = (next + 1) % members.size();
        if (failures < members.size()) {
            LOG.warn("etcd: {}. The next member is asked", cause.getMessage());
            connect();
            return;
        }
        DiscoveryException all = new DiscoveryException(String.join("; ", reasons.values()), cause);
        outage = all;
        List.copyOf(prefixes).forEach(prefix -> prefix.refuse(all));
        boolean roundIsOver = failures % members.size() == 0;
        Duration pause = roundIsOver ? Jitter.between(SHORTEST_PAUSE, LONGEST_PAUSE) : Duration.ZERO;
        control.after(login ? loginPauses.next() : pause, this::connect);
    }
}
