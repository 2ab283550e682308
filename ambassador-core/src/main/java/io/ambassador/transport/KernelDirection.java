package io.ambassador.transport;

import static io.ambassador.transport.VerdictProgram.ALLOWED;
import static io.ambassador.transport.VerdictProgram.COST;
import static io.ambassador.transport.VerdictProgram.LAST;
import static io.ambassador.transport.VerdictProgram.PASSED;
import static io.ambassador.transport.VerdictProgram.REDIRECTED;
import static io.ambassador.transport.VerdictProgram.SOFT;
import static io.ambassador.transport.VerdictProgram.TAKEN;

import io.netty.channel.epoll.EpollSocketChannel;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One direction between two sockets: what the first receives the kernel redirects to the second, while it is allowed to.
 * Whatever else comes is passed to us, to be read from the first as ever, and nothing is redirected before we have
 * taken it.
 *
 * <p>The kernel queues what it redirects without a bound of its own, and acknowledges it as read. So it is allowed a
 * window: what the second socket's peer has not acknowledged, and every buffer's overhead. The second socket's send
 * buffer holds twice as much, so that the queue before it is always short.
 */
public final class KernelDirection {
    private static final int WINDOW = 2 * 1024 * 1024;

    /** The kernel doubles it, for its own overhead. */
    static final int SEND_BUFFER = 2 * WINDOW;

    private static final int SMALLEST_STEP = 64 * 1024;
    private static final int MARKS = 8;

    private static final int IPPROTO_TCP = 6;
    private static final int TCP_INFO = 11;
    private static final int TCPI_BYTES_ACKED = 120;

    private final KernelRelay relay;
    private final KernelMaps maps;
    private final ByteBuffer scratch;
    private final int slot;
    private final EpollSocketChannel in;
    private final EpollSocketChannel out;

    /** What was written to the second socket otherwise, so that the rest of what was written is what was redirected. */
    private long writtenOtherwise;

    /** How much the cost was when so many bytes had been redirected, the latest last. */
    private final long[] markedBytes = new long[MARKS];

    private final long[] markedCost = new long[MARKS];
    private int marks;

    /** The cost of what the peer has acknowledged, at least. */
    private long gone;

    KernelDirection(
            KernelRelay relay,
            KernelMaps maps,
            ByteBuffer scratch,
            int slot,
            EpollSocketChannel in,
            EpollSocketChannel out) {
        this.relay = relay;
        this.maps = maps;
        this.scratch = scratch;
        this.slot = slot;
        this.in = in;
        this.out = out;
    }

    public void watch(KernelRelay.Watcher by) {
        relay.watch(slot, by);
    }

    /** The first socket is read otherwise. */
    public void unwatch() {
        relay.watch(slot, null);
    }

    void whenClosed(Runnable then) {
        in.closeFuture().addListener(closed -> then.run());
    }

    void unlink(long cookie, long otherCookie) {
        relay.unlinked(slot, cookie, otherCookie);
    }

    /** Bytes that the kernel has redirected. */
    public long redirected() {
        return maps.get(slot, REDIRECTED);
    }

    /** Bytes that were left to us to read. */
    public long passed() {
        return maps.get(slot, PASSED);
    }

    /** When something came last, by {@link System#nanoTime}; 0 for never. */
    public long lastNanos() {
        return maps.get(slot, LAST);
    }

    /**
     * Lets the kernel redirect.
     *
     * @param taken bytes of those passed that were read and given to the second socket
     * @return whether it does; if not, the first socket is to be read, or the second one's peer has much to acknowledge
     */
    public boolean begin(long taken) throws IOException {
        int out = unacknowledged();
        if (out > WINDOW / 2 || passed() != taken) {
            return false;
        }
        long redirected = redirected();
        long cost = maps.get(slot, COST);
        writtenOtherwise = written() - redirected;
        marks = 0;
        gone = cost - out;
        mark(redirected, cost);
        maps.set(slot, TAKEN, taken);
        allow(cost);
        if (passed() == taken) {
            return true;
        }
        stop();
        return false;
    }

    /** Allows as much more as the peer has acknowledged. */
    public void renew() throws IOException {
        long redirected = redirected();
        long cost = maps.get(slot, COST);
        long acknowledged = acknowledged() - writtenOtherwise;
        int passed = 0;
        while (passed < marks && markedBytes[passed] <= acknowledged) {
            gone = markedCost[passed++];
        }
        marks -= passed;
        System.arraycopy(markedBytes, passed, markedBytes, 0, marks);
        System.arraycopy(markedCost, passed, markedCost, 0, marks);
        mark(redirected, cost);
        allow(cost);
    }

    private void allow(long cost) {
        long allowed = gone + WINDOW;
        maps.set(slot, SOFT, cost + Math.max(SMALLEST_STEP, (allowed - cost) / 2));
        maps.set(slot, ALLOWED, allowed);
    }

    private void mark(long redirected, long cost) {
        if (marks < MARKS) { // else the next one stands for this one, too
            markedBytes[marks] = redirected;
            markedCost[marks] = cost;
            marks++;
        }
    }

    /** From now on everything is passed; what has been redirected is final when this returns. */
    public void stop() throws IOException {
        maps.set(slot, ALLOWED, 0);
        Libc.unread(KernelRelay.descriptor(in), scratch); // the program runs under the lock that this takes
    }

    /** Whether all that was redirected has arrived at the second socket, so that more may be written there. */
    public boolean isDrained() throws IOException {
        return written() - writtenOtherwise == redirected();
    }

    private long written() throws IOException {
        while (true) {
            long acknowledged = acknowledged();
            int waiting = unacknowledged();
            if (acknowledged() == acknowledged) {
                return acknowledged + waiting;
            }
        }
    }

    private int unacknowledged() throws IOException {
        return Libc.unacknowledged(KernelRelay.descriptor(out), scratch);
    }

    private long acknowledged() throws IOException {
        Libc.option(KernelRelay.descriptor(out), IPPROTO_TCP, TCP_INFO, scratch, TCPI_BYTES_ACKED + 8);
        return scratch.getLong(TCPI_BYTES_ACKED);
    }
}
