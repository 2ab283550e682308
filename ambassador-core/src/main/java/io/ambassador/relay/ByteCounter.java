package io.ambassador.relay;

/** Counts what is relayed; called on the connection's event loop for each buffer, so it must neither lock nor allocate. */
public interface ByteCounter {
    void toBackend(long bytes);

    void toClient(long bytes);

    /** The kernel relays from now on; the bytes are still counted, a little later. */
    void leftToKernel();
}
