/**
 * Publishing instances to a registry, the other direction of discovery.
 */
@NullMarked
package io.ambassador.spi.registry;

import org.jspecify.annotations.NullMarked;
