/**
 * Where passwords come from, and how they are held: as bytes that are wiped, never as text.
 */
@NullMarked
package io.ambassador.spi.secret;

import org.jspecify.annotations.NullMarked;
