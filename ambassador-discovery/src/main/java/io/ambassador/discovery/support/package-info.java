/**
 * What every endpoint source sits on: {@link io.ambassador.discovery.support.SnapshotPublisher} keeps the promises of
 * {@link io.ambassador.spi.discovery.EndpointSource} towards the listener,
 * {@link io.ambassador.discovery.support.PollingWatch} asks again when an answer has aged or a failure's back-off is
 * over, and {@link io.ambassador.discovery.support.EndpointEntry} reads {@code host:port;weight=2}. A source written
 * with them contains only its registry's own exchange.
 */
@NullMarked
package io.ambassador.discovery.support;

import org.jspecify.annotations.NullMarked;
