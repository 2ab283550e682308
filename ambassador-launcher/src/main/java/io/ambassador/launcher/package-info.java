/**
 * The {@code ambassador} command: turns a command line and configuration into a running
 * {@link io.ambassador.Ambassador}, and stops it well. It does nothing that an embedder cannot do with
 * {@link io.ambassador.launcher.AmbassadorConfig}.
 */
@NullMarked
package io.ambassador.launcher;

import org.jspecify.annotations.NullMarked;
