/**
 * Source {@code sentinel}: the primary and the replicas that Redis Sentinel knows, with their roles. Every sentinel is
 * asked, at an interval and whenever it publishes a change; of answers that differ, the one of the newest epoch counts,
 * and of those the one that most give. What a sentinel says of a role is a claim, which the service's probe confirms.
 */
@NullMarked
package io.ambassador.discovery.sentinel;

import org.jspecify.annotations.NullMarked;
