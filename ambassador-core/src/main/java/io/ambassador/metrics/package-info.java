/**
 * Every meter with its name, unit and tags.
 */
@NullMarked
package io.ambassador.metrics;

import org.jspecify.annotations.NullMarked;
