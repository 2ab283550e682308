package io.ambassador.service;

import java.util.List;
import java.util.Set;

/**
 * Who may use a service, and where it may lead.
 *
 * @param sources client addresses; empty allows all that reach the listener
 * @param uids users at the other end of a unix socket; empty allows all that may open it
 * @param endpoints addresses that discovery may name; empty allows all but link-local ones and our own listeners
 */
public record AllowSpec(List<Cidr> sources, Set<Long> uids, List<Cidr> endpoints) {
    public static final AllowSpec DEFAULT = new AllowSpec(List.of(), Set.of(), List.of());

    public AllowSpec {
        sources = List.copyOf(sources);
        uids = Set.copyOf(uids);
        endpoints = List.copyOf(endpoints);
    }
}
