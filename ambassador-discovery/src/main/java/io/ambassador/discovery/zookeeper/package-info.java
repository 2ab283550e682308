/**
 * Source {@code zookeeper}: the children of a path, by their data or by their names. ZooKeeper's client protocol is
 * spoken directly: all that is followed in one ensemble shares one {@link io.ambassador.discovery.zookeeper.Ensemble},
 * which keeps one session on one connection. A session that is lost is never resumed: the next one lists everything
 * anew, so that nothing depends on which of its watches were heard.
 */
@NullMarked
package io.ambassador.discovery.zookeeper;

import org.jspecify.annotations.NullMarked;
