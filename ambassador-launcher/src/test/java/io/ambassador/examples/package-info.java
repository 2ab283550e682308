/** Runs what the documentation tells readers to type. */
@NullMarked
package io.ambassador.examples;

import org.jspecify.annotations.NullMarked;
