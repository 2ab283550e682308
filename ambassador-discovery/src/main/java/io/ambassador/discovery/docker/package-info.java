/**
 * Source {@code docker}: running containers of one Docker Engine, chosen by name or label, at a published port or at
 * their address in a network. The engine is asked for its list, at an interval and at each event that may change it; only
 * {@code GET} is ever sent.
 */
@NullMarked
package io.ambassador.discovery.docker;

import org.jspecify.annotations.NullMarked;
