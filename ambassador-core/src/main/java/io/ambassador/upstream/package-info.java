/**
 * From a picked endpoint to a connection that is ready to relay: attempts, TLS, login.
 */
@NullMarked
package io.ambassador.upstream;

import org.jspecify.annotations.NullMarked;
