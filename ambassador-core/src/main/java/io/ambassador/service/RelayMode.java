package io.ambassador.service;

/** How bytes are moved once a connection is established. */
public enum RelayMode {
    /** Copied, until so much comes one way that it pays to have the kernel move it. */
    AUTO(256 * 1024),
    /** Through buffers of the process. */
    COPY(Long.MAX_VALUE),
    /** From socket to socket by the kernel, from the first bytes on, where nothing else has to see or change them. */
    SPLICE(0);

    private final long spliceAfter;

    RelayMode(long spliceAfter) {
        this.spliceAfter = spliceAfter;
    }

    /** How many bytes are copied one way, without a pause, before the kernel moves the rest. */
    public long spliceAfter() {
        return spliceAfter;
    }
}
