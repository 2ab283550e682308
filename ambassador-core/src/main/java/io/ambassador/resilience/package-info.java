/**
 * Ejection, retry budget and limits: what keeps one failure from becoming many.
 */
@NullMarked
package io.ambassador.resilience;

import org.jspecify.annotations.NullMarked;
