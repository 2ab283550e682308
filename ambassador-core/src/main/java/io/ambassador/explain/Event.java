package io.ambassador.explain;

import java.time.Instant;

/**
 * Something changed.
 *
 * @param id counts from 1, without gaps
 * @param service the one it concerns; empty if all
 * @param subject the endpoint, source or address it concerns; empty if none
 * @param detail for people; holds no secret; may be empty
 */
public record Event(long id, Instant time, EventKind kind, String service, String subject, String detail) {}
