package io.ambassador.explain;

/**
 * Hears of everything as it happens, on the thread that did it: an event loop, the control thread, or another. Whatever
 * it does keeps that thread from its work: it must not block, and calls may come from several threads at once. What it
 * throws is logged, and changes nothing.
 */
public interface Observer {
    /** A connection has ended. On its event loop. */
    default void connectionEnded(ConnectionRecord connection) {}

    /** Events of one thread come in their order. */
    default void happened(Event event) {}
}
