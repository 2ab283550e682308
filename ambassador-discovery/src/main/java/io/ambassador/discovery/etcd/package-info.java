/**
 * Source {@code etcd}: the keys below a path of an etcd v3 cluster, whose values say where endpoints are.
 *
 * <p>All services of one cluster share a client. It is in a session with one member at a time, goes on to the next when
 * that fails, reads each path once and follows it by one watch for all of them; it asks the member for a sign of life
 * every two seconds, and reads each path again now and then, for what a watch might have missed. Everything but JSON
 * happens on the control thread.
 */
@NullMarked
package io.ambassador.discovery.etcd;

import org.jspecify.annotations.NullMarked;
