package io.ambassador.spi.protocol;

/** A protocol set up for one service. Thread-safe. */
public interface Protocol {
    /** Begins a client's session. */
    Session open(Client client);

    /**
     * Begins a session without a client, to log in beforehand.
     *
     * @param key one that {@link Session#warmKey} returned
     */
    default Session openWarm(Object key) {
        throw new IllegalArgumentException("key: " + key + " (expected: none)");
    }

    /**
     * Whether TLS begins only after a few words in plain text, on either side. Such a protocol starts it itself, with
     * {@link Login#startTls} and {@link Client#startTls}; for the others it begins with the connection.
     */
    default boolean negotiatesTls() {
        return false;
    }
}
