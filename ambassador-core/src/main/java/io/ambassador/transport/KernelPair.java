package io.ambassador.transport;

/** Two sockets that the kernel hands bytes to and fro between. On their event loop. */
public final class KernelPair {
    private final KernelDirection toBackend;
    private final KernelDirection toClient;
    private final long clientCookie;
    private final long backendCookie;
    private int open = 2;

    KernelPair(KernelDirection toBackend, KernelDirection toClient, long clientCookie, long backendCookie) {
        this.toBackend = toBackend;
        this.toClient = toClient;
        this.clientCookie = clientCookie;
        this.backendCookie = backendCookie;
        toBackend.whenClosed(this::closed);
        toClient.whenClosed(this::closed);
    }

    public KernelDirection toBackend() {
        return toBackend;
    }

    public KernelDirection toClient() {
        return toClient;
    }

    /** A slot is somebody else's only once both sockets are gone. */
    private void closed() {
        if (--open == 0) {
            toBackend.unlink(clientCookie, backendCookie);
        }
    }
}
