package io.ambassador.spi.discovery;

/**
 * Follows the endpoints of one service.
 *
 * <p>Every source promises, and {@code EndpointSourceContract} in the testkit checks: the first call tells the whole
 * state; calls never overlap; an unchanged state is not repeated; a listener that throws is logged and the watch
 * lives on; the source goes on trying by itself, with jittered back-off; {@link Watch#close()} may be called twice,
 * and no call starts after it has returned.
 */
public interface EndpointSource {
    /** Starts following. Input and output begin here, not in a constructor, and never block the caller. */
    Watch watch(Listener listener);

    /** Hears each new state, on any thread, one call at a time. */
    interface Listener {
        void onState(EndpointState state);
    }

    /** A watch that is under way. */
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }
}
