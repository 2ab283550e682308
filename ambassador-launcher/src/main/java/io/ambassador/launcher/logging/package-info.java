/**
 * The launcher's log: one line an event on standard output, as text or JSON, with whatever peers sent escaped. An
 * SLF4J provider that {@link io.ambassador.launcher.logging.Logging} puts in place by name, so that an embedder's
 * own is left alone.
 */
@NullMarked
package io.ambassador.launcher.logging;

import org.jspecify.annotations.NullMarked;
