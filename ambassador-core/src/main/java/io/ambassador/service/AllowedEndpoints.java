package io.ambassador.service;

import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.discovery.Endpoint;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Leaves out endpoints that discovery may not name, and logs which and why, once each. Control thread only. */
final class AllowedEndpoints {
    private static final int LINES_AT_ONCE = 20;

    private final List<Cidr> allowed;
    private final Logger log;
    private final LogLimiter limiter = new LogLimiter(LINES_AT_ONCE);
    private Set<String> told = Set.of();

    /** @param allowed empty for all but link-local, multicast and unspecified addresses */
    AllowedEndpoints(List<Cidr> allowed, Logger log) {
        this.allowed = allowed;
        this.log = log;
    }

    List<Endpoint> of(Collection<Endpoint> endpoints) {
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
        if (!allowed.isEmpty()) {
            return Cidr.anyContains(allowed, address) ? null : "allow.endpoints does not contain it";
        }
        if (address.isLinkLocalAddress() || address.isMulticastAddress() || address.isAnyLocalAddress()) {
            return "link-local, multicast and unspecified addresses must be named in allow.endpoints";
        }
        return null;
    }
}
