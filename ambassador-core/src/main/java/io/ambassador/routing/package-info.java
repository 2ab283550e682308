/**
 * Routers that need nothing but the connection itself.
 */
@NullMarked
package io.ambassador.routing;

import org.jspecify.annotations.NullMarked;
