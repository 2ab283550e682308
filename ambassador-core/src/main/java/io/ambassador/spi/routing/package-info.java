/**
 * Which service a new connection is for.
 */
@NullMarked
package io.ambassador.spi.routing;

import org.jspecify.annotations.NullMarked;
