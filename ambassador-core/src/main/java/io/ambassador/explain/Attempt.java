package io.ambassador.explain;

import io.ambassador.spi.discovery.Endpoint;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One endpoint's turn.
 *
 * @param failure why it does not serve the client; {@code null} if it does
 * @param detail what went wrong, for people; may name addresses, holds no secret; empty if nothing did
 * @param took from the start of the attempt to the failure, or until it was ready
 */
public record Attempt(Endpoint endpoint, @Nullable EndReason failure, String detail, Duration took) {}
