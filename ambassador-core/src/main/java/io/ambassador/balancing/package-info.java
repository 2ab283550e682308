/**
 * The balancing policies that come with the product. A picker copies its candidates into arrays when it is built;
 * picking allocates nothing but a client address's bytes, and shares at most one counter between event loops.
 */
@NullMarked
package io.ambassador.balancing;

import org.jspecify.annotations.NullMarked;
