/**
 * Source {@code mdns}: services that announce themselves on the local link (DNS-SD, RFC 6763, over multicast DNS, RFC
 * 6762). A {@link io.ambassador.discovery.mdns.Link} is the sockets of one network interface, shared by all that is
 * followed there; a {@link io.ambassador.discovery.mdns.Browser} follows one service on one link by what its
 * {@link io.ambassador.discovery.mdns.Cache} wants to know. Everything runs on the one thread for registries; record
 * types and their wire form are dnsjava's.
 */
@NullMarked
package io.ambassador.discovery.mdns;

import org.jspecify.annotations.NullMarked;
