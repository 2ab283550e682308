package io.ambassador.relay;

/** Counts what is relayed; called on the connection's event loop for each buffer, so it must neither lock nor allocate. */
public interface ByteCounter {
    void toBackend(int bytes);

    void toClient(int bytes);
}
