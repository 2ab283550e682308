/**
 * Which of a service's endpoints the next connection goes to. A policy builds an immutable picker for
 * each change of the endpoints; pickers run on event loops and take no lock.
 */
@NullMarked
package io.ambassador.spi.balancing;

import org.jspecify.annotations.NullMarked;
