/**
 * Redis, Valkey and what speaks like them: logs in with {@code AUTH}, tells a refused client in its own protocol, and
 * asks an endpoint for its health and role with {@code PING} and {@code ROLE}.
 */
@NullMarked
package io.ambassador.auth.redis;

import org.jspecify.annotations.NullMarked;
