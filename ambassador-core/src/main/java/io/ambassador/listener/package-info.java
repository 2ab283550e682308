/**
 * Accepting clients: allow-lists, PROXY protocol, and the first step of a connection's life.
 */
@NullMarked
package io.ambassador.listener;

import org.jspecify.annotations.NullMarked;
