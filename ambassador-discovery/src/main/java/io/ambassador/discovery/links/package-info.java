/**
 * Source {@code links}: the ports of containers that Docker linked to this one, which it tells in environment variables.
 * They never change while a process runs.
 */
@NullMarked
package io.ambassador.discovery.links;

import org.jspecify.annotations.NullMarked;
