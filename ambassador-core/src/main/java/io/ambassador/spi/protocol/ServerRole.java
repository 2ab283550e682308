package io.ambassador.spi.protocol;

/** What a server says it is. */
public enum ServerRole {
    PRIMARY,
    REPLICA,
    /** The protocol has no roles, or the probe did not ask. */
    UNKNOWN
}
