package io.ambassador.relay;

import io.ambassador.transport.KernelDirection;
import io.ambassador.transport.KernelRelay;
import io.ambassador.transport.SocketEvents;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

/**
 * Has the kernel redirect one direction of a relay, and copies what it does not: what comes faster than the peer takes
 * it. From the time the two sockets are linked until the direction ends, only this reads the first one; the end itself
 * is left to the channel, when everything before it has been written to the second. On the connection's event loop.
 */
final class KernelFlow implements FastPath, KernelRelay.Watcher {
    private enum Mode {
        /** What has come is read here, and written by the peer's channel. */
        COPYING,
        /** There is nothing for us to do. */
        REDIRECTING,
        /** What was redirected has yet to arrive at the second socket; until then nothing may be written there. */
        DRAINING
    }

    private static final int BUFFER = 64 * 1024;

    /** How many buffers are copied before other connections have their turn. */
    private static final int TURNS = 16;

    private static final long FIRST_CHECK_MILLIS = 1;
    private static final long LAST_CHECK_MILLIS = 16;

    /** How long what came before the connection broke may take to be delivered. */
    private static final long BROKEN_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Relay relay;
    private final RelaySide from;
    private final RelaySide to;
    private final Channel in;
    private final Channel out;
    private final SocketEvents source;
    private final KernelDirection kernel;
    private final Queue<ByteBuf> early = new ArrayDeque<>(0);
    private Mode mode = Mode.COPYING;
    private long taken;
    private long counted;
    private boolean paused;
    private boolean inputShut;
    private long brokeAt;
    private long checkMillis = FIRST_CHECK_MILLIS;
    private boolean over;

    KernelFlow(
            Relay relay,
            RelaySide from,
            RelaySide to,
            Channel in,
            Channel out,
            SocketEvents source,
            KernelDirection kernel) {
        this.relay = relay;
        this.from = from;
        this.to = to;
        this.in = in;
        this.out = out;
        this.source = source;
        this.kernel = kernel;
    }

    void start() {
        source.takeReading(this::ready);
        kernel.watch(this);
        copy();
    }

    /** By {@link System#nanoTime}; 0 for never. */
    long lastNanos() {
        return kernel.lastNanos();
    }

    @Override
    public boolean isWaiting() {
        try {
            return !early.isEmpty() || mode != Mode.COPYING && !kernel.isDrained();
        } catch (IOException e) {
            return false; // closed
        }
    }

    private void ready(boolean ended, boolean broken) {
        if (over) {
            return;
        }
        if (broken && brokeAt == 0) {
            brokeAt = System.nanoTime();
        }
        if (mode == Mode.COPYING && !paused) {
            copy();
        } else if (mode == Mode.REDIRECTING) {
            stopRedirecting();
        } else if (broken) {
            in.eventLoop().schedule(this::giveUp, BROKEN_GRACE_NANOS, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void notified() {
        if (over || mode != Mode.REDIRECTING) {
            return;
        }
        count();
        try {
            if (kernel.passed() == taken) {
                kernel.renew();
            } else {
                stopRedirecting();
            }
        } catch (IOException e) {
            failed();
        }
    }

    @Override
    public boolean sampled() {
        long before = counted;
        if (!over) {
            notified(); // if its notification was one too many for the ring
            count();
        }
        return counted != before;
    }

    /** The channel had not finished reading when its socket was linked. */
    void channelRead(ByteBuf bytes) {
        taken += bytes.readableBytes();
        if (mode == Mode.COPYING) {
            from.forward(bytes, to);
            out.flush();
        } else {
            early.add(bytes);
        }
    }

    /** The same, and it has found the end. */
    void channelInputShut() {
        inputShut = true;
        if (mode == Mode.REDIRECTING) {
            stopRedirecting();
        } else if (mode == Mode.COPYING && !paused) {
            copy();
        }
    }

    /** There is room again for what is copied. */
    void resume() {
        if (!over && paused) {
            paused = false;
            copy();
        }
    }

    private void stopRedirecting() {
        mode = Mode.DRAINING;
        checkMillis = FIRST_CHECK_MILLIS;
        source.awaitInput(false);
        try {
            kernel.stop();
        } catch (IOException e) {
            failed();
            return;
        }
        drain();
    }

    private void drain() {
        if (over) {
            return;
        }
        boolean drained;
        try {
            drained = kernel.isDrained();
        } catch (IOException e) {
            failed();
            return;
        }
        if (drained || to.isBroken()) {
            mode = Mode.COPYING;
            count();
            copy();
        } else if (!giveUp()) {
            checkAgain(this::drain);
        }
    }

    private void checkAgain(Runnable check) {
        in.eventLoop().schedule(check, checkMillis, TimeUnit.MILLISECONDS);
        checkMillis = Math.min(2 * checkMillis, LAST_CHECK_MILLIS);
    }

    /** @return whether the connection broke too long ago */
    private boolean giveUp() {
        if (over || brokeAt == 0 || System.nanoTime() - brokeAt < BROKEN_GRACE_NANOS) {
            return over;
        }
        failed();
        return true;
    }

    private void copy() {
        if (over) {
            return;
        }
        for (ByteBuf each; (each = early.poll()) != null; ) {
            from.forward(each, to);
        }
        int read = 1;
        for (int turn = 0; turn < TURNS && read > 0 && out.isWritable(); turn++) {
            read = copyOnce();
        }
        if (over) {
            return;
        }
        out.flush();
        if (read < 0) {
            ended();
        } else if (!out.isWritable()) {
            paused = true;
            source.awaitInput(false);
        } else if (read > 0 || !redirect()) {
            source.awaitInput(true);
        }
    }

    /** @return how many bytes; 0 if there are none now, -1 if no more will come */
    private int copyOnce() {
        ByteBuf buffer = in.alloc().directBuffer(BUFFER);
        int read;
        try {
            ByteBuffer room = buffer.internalNioBuffer(0, BUFFER);
            read = ((UnixChannel) in).fd().read(room, room.position(), room.limit());
        } catch (IOException e) {
            buffer.release();
            failed();
            return 0;
        }
        if (read <= 0) {
            buffer.release();
            return read;
        }
        taken += read;
        from.forward(buffer.writerIndex(read), to);
        relay.active(from);
        return read;
    }

    /** @return whether there is nothing for us to do from now on */
    private boolean redirect() {
        try {
            if (to.isBroken() || inputShut || RelaySide.isWaiting(out) || !kernel.begin(taken)) {
                return false;
            }
        } catch (IOException e) {
            failed();
            return true;
        }
        mode = Mode.REDIRECTING;
        source.awaitEnd();
        return true;
    }

    /** The kernel may still be about to let us read something: what it passes queues with what the peer is sent. */
    private void ended() {
        if (kernel.passed() == taken || to.isBroken()) {
            end();
            if (inputShut) {
                from.inputEnded();
            }
        } else if (!giveUp()) {
            source.awaitInput(false);
            checkAgain(this::copy);
        }
    }

    private void failed() {
        end();
        from.readFailed();
    }

    private void count() {
        long redirected = kernel.redirected();
        if (redirected != counted) {
            relay.counted(from.isFromClient(), redirected - counted);
            counted = redirected;
        }
    }

    @Override
    public void abandon() {
        end();
    }

    private void end() {
        if (over) {
            return;
        }
        over = true;
        count();
        kernel.unwatch();
        for (ByteBuf each; (each = early.poll()) != null; ) {
            each.release();
        }
        source.giveReadingBack();
        from.fastPathEnded();
    }
}
