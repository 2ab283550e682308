/**
 * What peers send before the relay, fuzzed with Jazzer: whatever it is, a session ends in success or in a failure of its
 * own kind, gives back every buffer, and allocates no more than its input is worth.
 */
package io.ambassador.auth.fuzz;
