/**
 * Sources {@code consul} (instances by health) and {@code consul-kv} (endpoints that somebody wrote down), both followed
 * by blocking queries over Consul's HTTP interface. All that is followed at one agent shares one
 * {@link io.ambassador.discovery.consul.ConsulAgent}: its client, its token, and one look every few seconds at whether it
 * answers and has a leader, so that an agent which hangs is noticed, and one which is back is asked at once.
 */
@NullMarked
package io.ambassador.discovery.consul;

import org.jspecify.annotations.NullMarked;
