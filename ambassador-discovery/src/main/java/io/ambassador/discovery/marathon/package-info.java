/**
 * Source {@code marathon}: the running tasks of a Marathon app. All apps that are followed at one Marathon share one
 * {@link io.ambassador.discovery.marathon.Masters}, which hears of changes by the event stream of one master, or by its
 * posts to a callback, and begins anew with the next master when that one fails; each
 * {@link io.ambassador.discovery.marathon.AppFollower} then reads its app whole.
 */
@NullMarked
package io.ambassador.discovery.marathon;

import org.jspecify.annotations.NullMarked;
