package io.ambassador.relay;

import io.ambassador.transport.KernelDirection;
import io.ambassador.transport.KernelRelay;
import io.ambassador.transport.SocketEvents;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * The kernel's part in a flow: while it redirects there is nothing for the flow to do. What comes faster than the peer
 * takes it is left to the flow, which copies it once all that was redirected before has arrived at the second socket. On
 * the connection's event loop.
 */
final class Redirect implements KernelRelay.Watcher {
    private static final long FIRST_CHECK_MILLIS = 1;
    private static final long LAST_CHECK_MILLIS = 16;

    private final Relay relay;
    private final Flow flow;
    private final boolean fromClient;
    private final EventLoop loop;
    private final SocketEvents source;
    private final KernelDirection kernel;
    private boolean redirecting;
    private boolean draining;
    private long taken;
    private long counted;
    private long checkMillis;

    Redirect(Relay relay, Flow flow, boolean fromClient, EventLoop loop, SocketEvents source, KernelDirection kernel) {
        this.relay = relay;
        this.flow = flow;
        this.fromClient = fromClient;
        this.loop = loop;
        this.source = source;
        this.kernel = kernel;
        kernel.watch(this);
    }

    /** By {@link System#nanoTime}; 0 for never. */
    long lastNanos() {
        return kernel.lastNanos();
    }

    /** Whether the flow must neither read nor write. */
    boolean isBusy() {
        return redirecting || draining;
    }

    /** Whether something was redirected that has not arrived at the second socket yet. */
    boolean isWaiting() {
        try {
            return isBusy() && !kernel.isDrained();
        } catch (IOException e) {
            return false; // closed
        }
    }

    /** The flow has read so much. */
    void took(int bytes) {
        taken += bytes;
    }

    /** Whether the flow has read everything that was left to it. What queues with what its socket sends comes later. */
    boolean hasLeftNothing() {
        return kernel.passed() == taken;
    }

    /**
     * The flow has read everything, and the kernel has taken all that it wrote.
     *
     * @return whether it is to read on all the same
     */
    boolean begin() throws IOException {
        if (!kernel.begin(taken)) {
            return true;
        }
        redirecting = true;
        checkMillis = FIRST_CHECK_MILLIS;
        source.awaitEnd();
        return false;
    }

    /** Has the flow go on as soon as everything that was redirected has arrived. */
    void stop() throws IOException {
        if (redirecting) {
            redirecting = false;
            draining = true;
            source.awaitInput(false);
            kernel.stop();
            drain();
        }
    }

    private void drain() throws IOException {
        if (kernel.isDrained()) {
            draining = false;
            count();
            flow.readOn();
        } else {
            checkAgain();
        }
    }

    /** Has the flow go on a little later. */
    void checkAgain() {
        loop.schedule(this::check, checkMillis, TimeUnit.MILLISECONDS);
        checkMillis = Math.min(2 * checkMillis, LAST_CHECK_MILLIS);
    }

    private void check() {
        if (flow.isOver()) {
            return;
        }
        if (!draining) {
            flow.readOn();
            return;
        }
        try {
            drain();
        } catch (IOException e) {
            flow.failed();
        }
    }

    @Override
    public void notified() {
        if (!redirecting || flow.isOver()) {
            return;
        }
        count();
        try {
            if (hasLeftNothing()) {
                kernel.renew();
            } else {
                stop();
            }
        } catch (IOException e) {
            flow.failed();
        }
    }

    @Override
    public boolean sampled() {
        long before = counted;
        notified(); // if the ring had no room to tell
        count();
        return counted != before;
    }

    private void count() {
        long redirected = kernel.redirected();
        if (redirected != counted) {
            relay.counted(fromClient, redirected - counted);
            counted = redirected;
        }
    }

    void end() {
        count();
        kernel.unwatch();
    }
}
