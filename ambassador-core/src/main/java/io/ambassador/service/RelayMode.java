package io.ambassador.service;

/** How bytes are moved once a connection is established. */
public enum RelayMode {
    /** Copied, until so much comes one way that it pays to have the kernel move it. */
    AUTO(256 * 1024),
    /** Through buffers of the process. */
    COPY(Long.MAX_VALUE),
    /** From socket to socket by the kernel, from the first bytes on, where nothing else has to see or change them. */
    SPLICE(0),
    /**
     * Experimental: a connection that has lasted, or carried much, is left to the kernel altogether, which hands bytes
     * from socket to socket without waking the process. Needs privileges; without them, and until then, as {@link #AUTO}.
     */
    KERNEL(256 * 1024);

    private final long spliceAfter;

    RelayMode(long spliceAfter) {
        this.spliceAfter = spliceAfter;
    }

    /** How many bytes are copied one way, without a pause, before the kernel moves the rest. */
    public long spliceAfter() {
        return spliceAfter;
    }

    /** Whether connections are left to the kernel where they can be. */
    public boolean isInKernel() {
        return this == KERNEL;
    }
}
