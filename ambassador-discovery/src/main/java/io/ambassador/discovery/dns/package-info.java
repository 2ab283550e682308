/**
 * Sources {@code dns} (A and AAAA) and {@code srv} (RFC 2782), both followed by TTL, and the DNS client under them. The
 * client leaves the record types and their wire form to dnsjava and does its own input and output: one selector thread
 * for all watches, which ends with the last of them; a new socket, port and random id for each query; and replies that
 * do not fit the question are passed over instead of ending the query, so that a forger cannot even make it fail.
 * {@link io.ambassador.discovery.dns.EndpointResolver} offers the same to sources whose entries may be host names.
 */
@NullMarked
package io.ambassador.discovery.dns;

import org.jspecify.annotations.NullMarked;
