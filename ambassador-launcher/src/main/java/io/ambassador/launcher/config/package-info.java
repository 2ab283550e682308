/**
 * HOCON to service specs. Files, environment and command line are merged into one tree whose values remember where
 * they were written; the tree is read into records, and everything wrong with it is reported at once. The only
 * package that knows HOCON.
 */
@NullMarked
package io.ambassador.launcher.config;

import org.jspecify.annotations.NullMarked;
