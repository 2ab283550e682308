/**
 * Where a service's endpoints come from. A source pushes whole snapshots of what it knows; only the
 * endpoint pool computes differences.
 */
@NullMarked
package io.ambassador.spi.discovery;

import org.jspecify.annotations.NullMarked;
