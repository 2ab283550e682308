/**
 * The places a password may be kept in: a file, an environment variable, a command's output, the configuration
 * itself. Content stays bytes, which are wiped; it is never logged, nor part of a message.
 */
@NullMarked
package io.ambassador.auth.secret;

import org.jspecify.annotations.NullMarked;
