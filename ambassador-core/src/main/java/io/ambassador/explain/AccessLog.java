package io.ambassador.explain;

/** Which connections of a service get a line in the log {@code ambassador.access}. */
public enum AccessLog {
    ON,
    /** Those that did not end as they should. */
    FAILURES,
    OFF
}
