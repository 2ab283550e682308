/**
 * Connections to registries over TCP, TLS and unix sockets. All of the process share one thread, which starts with the
 * first and ends with the last; nothing in here blocks.
 */
@NullMarked
package io.ambassador.discovery.support.net;

import org.jspecify.annotations.NullMarked;
