/**
 * The balancing policies that come with the product.
 */
@NullMarked
package io.ambassador.balancing;

import org.jspecify.annotations.NullMarked;
