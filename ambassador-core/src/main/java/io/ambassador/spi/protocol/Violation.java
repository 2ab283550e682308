package io.ambassador.spi.protocol;

/**
 * Says why a connection is about to be closed: fired as a user event by a handler that {@link Session#ready} has put in
 * place, before it closes its channel. The one who sees only that a side was closed would blame that side.
 *
 * @param ofClient whether the client broke the rules, rather than the backend
 * @param what for the log; no secret, no text of a peer's
 */
public record Violation(boolean ofClient, String what) {}
