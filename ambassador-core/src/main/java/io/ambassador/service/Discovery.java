package io.ambassador.service;

import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.discovery.Endpoint;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Follows a service's sources and gives the pool the endpoints of the first that has any. Control thread only. */
final class Discovery {
    /** More than this from one source is a mistake, or an attack. */
    private static final int MOST_ENDPOINTS = 10_000;

    private static final int LINES_AT_ONCE = 20;

    private final AllowSpec allow;
    private final EndpointPool pool;
    private final boolean inherits;
    private final Logger log;
    private final LogLimiter limiter = new LogLimiter(LINES_AT_ONCE);
    private final List<FollowedSource> sources = new ArrayList<>();
    private Set<String> told = Set.of();
    private @Nullable FollowedSource selected;
    private volatile boolean answered;

    /**
     * @param inherits whether the pool has endpoints of a discovery before this one, to be used until there is an
     *     answer that says otherwise
     */
    Discovery(AllowSpec allow, EndpointPool pool, boolean inherits, Logger log) {
        this.allow = allow;
        this.pool = pool;
        this.answered = inherits;
        this.inherits = inherits;
        this.log = log;
    }

    void follow(FollowedSource source) {
        sources.add(source);
    }

    void start() {
        for (FollowedSource source : sources) {
            try {
                source.start();
            } catch (RuntimeException e) { // a defect of the source's, which must not keep others from starting
                log.error("Discovery from {} could not begin.", source.name(), e);
            }
        }
    }

    void close() {
        sources.forEach(FollowedSource::close);
    }

    /** Whether there is something to go by: an answer of any source, or the disk's. Any thread. */
    boolean answered() {
        return answered;
    }

    List<FollowedSource> sources() {
        return sources;
    }

    List<ServiceStatus.SourceStatus> status() {
        List<ServiceStatus.SourceStatus> status = new ArrayList<>();
        for (FollowedSource source : sources) {
            status.add(source.status(source == selected));
        }
        return status;
    }

    void refresh() {
        FollowedSource winner = null;
        boolean waiting = false;
        for (FollowedSource source : sources) {
            Set<Endpoint> known = source.known();
            if (known == null) {
                if (!source.answered()) {
                    // An earlier source that is still being asked may have endpoints.
                    waiting = true;
                    break;
                }
                continue;
            }
            winner = winner == null ? source : winner;
            if (!known.isEmpty()) {
                winner = source;
                break;
            }
        }
        if (inherits && waiting) {
            return;
        }
        boolean any = answered || winner != null || sources.stream().allMatch(FollowedSource::answered);
        if (winner != null) {
            selected = winner;
            Set<Endpoint> known = winner.known();
            pool.stale(winner.stale());
            pool.replace(allowed(known == null ? Set.of() : known), winner.absence());
        } else if (any && !inherits) {
            pool.replace(List.of(), sources.get(0).absence());
        }
        answered = any; // last, so that whoever sees it finds the pool filled
    }

    private List<Endpoint> allowed(Set<Endpoint> endpoints) {
        if (endpoints.size() > MOST_ENDPOINTS) {
            limiter.log(
                    "many",
                    left -> log.error(
                            "{} endpoints were found, more than {}: none is taken over{}",
                            endpoints.size(),
                            MOST_ENDPOINTS,
                            LogLimiter.more(left)));
            return List.of();
        }
        List<Endpoint> kept = new ArrayList<>();
        Set<String> leftOut = new HashSet<>();
        for (Endpoint endpoint : endpoints) {
            String refused = refusal(endpoint);
            if (refused == null) {
                kept.add(endpoint);
            } else {
                String line = endpoint.address() + " is left out: " + refused;
                leftOut.add(line);
                if (!told.contains(line)) {
                    limiter.log("left out", left -> log.warn("{}{}", line, LogLimiter.more(left)));
                }
            }
        }
        told = leftOut;
        return kept;
    }

    private @Nullable String refusal(Endpoint endpoint) {
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(endpoint.host());
        if (literal == null) {
            return "its source gave a name instead of an address";
        }
        InetAddress address;
        try {
            address = InetAddress.getByAddress(literal);
        } catch (UnknownHostException e) {
            return "its address is not valid";
        }
        if (!allow.endpoints().isEmpty()) {
            return Cidr.anyContains(allow.endpoints(), address) ? null : "allow.endpoints does not contain it";
        }
        if (address.isLinkLocalAddress() || address.isMulticastAddress() || address.isAnyLocalAddress()) {
            return "link-local, multicast and unspecified addresses must be named in allow.endpoints";
        }
        return null;
    }
}
