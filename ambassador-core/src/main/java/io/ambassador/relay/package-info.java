/**
 * Moving bytes between two connected channels, with back-pressure, half-close and accounting.
 */
@NullMarked
package io.ambassador.relay;

import org.jspecify.annotations.NullMarked;
