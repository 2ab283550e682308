package io.ambassador.spi.protocol;

/** A protocol set up for one service. Thread-safe. */
public interface Protocol {
    /** Begins a client's session. */
    Session open();
}
