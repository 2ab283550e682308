/**
 * PostgreSQL and what speaks like it: reads the client's startup, logs in at the backend with SCRAM or MD5, hands cancel
 * requests to the connection they are about, and asks an endpoint for its health and role.
 */
@NullMarked
package io.ambassador.auth.postgresql;

import org.jspecify.annotations.NullMarked;
