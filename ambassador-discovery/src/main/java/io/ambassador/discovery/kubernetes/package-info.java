/**
 * Source {@code kubernetes}: the EndpointSlices of a service, listed and then watched over the API server's HTTP
 * interface. All that is followed at one API server shares one
 * {@link io.ambassador.discovery.kubernetes.ApiServer}: its client, its token, and one look every few seconds at whether
 * it answers. A watch goes on where it stopped; each one ends after some minutes, and the next begins with a new list.
 */
@NullMarked
package io.ambassador.discovery.kubernetes;

import org.jspecify.annotations.NullMarked;
