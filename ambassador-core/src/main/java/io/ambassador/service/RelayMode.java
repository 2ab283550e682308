package io.ambassador.service;

/** How bytes are moved once a connection is established. */
public enum RelayMode {
    /** The best there is for the flow. */
    AUTO,
    /** Through buffers of the process. */
    COPY
}
