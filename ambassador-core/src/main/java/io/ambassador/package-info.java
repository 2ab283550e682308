/**
 * The embedding API: build an {@link io.ambassador.Ambassador}, ask it for the address that stands in for a service,
 * and hand that to any driver.
 */
@NullMarked
package io.ambassador;

import org.jspecify.annotations.NullMarked;
