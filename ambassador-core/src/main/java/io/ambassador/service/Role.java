package io.ambassador.service;

/** Which of a replicated service's servers are wanted. */
public enum Role {
    ANY,
    PRIMARY,
    REPLICA,
    /** Replicas while there are any, else the primary. */
    PREFER_REPLICA
}
