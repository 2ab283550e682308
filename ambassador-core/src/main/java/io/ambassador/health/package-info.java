/**
 * Active probes, and the state they give each endpoint.
 */
@NullMarked
package io.ambassador.health;

import org.jspecify.annotations.NullMarked;
