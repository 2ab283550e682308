/**
 * The admin address: probes, metrics, the state of every service as JSON, and a page that shows it. HTTP/1.1 on a
 * thread of its own, one request a connection, so that nothing here can slow the data plane. Reached from this machine
 * alone; a browser is kept from being used by other sites, and nothing served holds a secret.
 */
@NullMarked
package io.ambassador.launcher.admin;

import org.jspecify.annotations.NullMarked;
