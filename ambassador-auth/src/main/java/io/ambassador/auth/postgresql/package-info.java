/**
 * PostgreSQL, protocol 3: the client's startup, the login at the server, cancel requests, and a probe that logs in.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol.html">Frontend/Backend Protocol</a>
 */
@NullMarked
package io.ambassador.auth.postgresql;

import org.jspecify.annotations.NullMarked;
