package io.ambassador.relay;

import io.ambassador.transport.Conduit;
import io.ambassador.transport.CopyBuffer;
import io.ambassador.transport.SocketEvents;
import io.ambassador.transport.SplicePipe;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Moves one direction of a relay from socket to socket, past the channels: copied, or, while much is coming, by the
 * kernel. On the connection's event loop.
 */
final class Flow {
    /** Less than this at one time is as well copied. */
    private static final int LITTLE = 16 * 1024;

    /** So many times in a row that little came end the splicing. */
    private static final int PATIENCE = 4;

    /** How often is read before other connections have their turn. */
    private static final int TURNS = 16;

    /** How long what was read before the connection broke may take to be delivered. */
    private static final long BROKEN_GRACE_MILLIS = 500;

    private final Relay relay;
    private final RelaySide from;
    private final RelaySide to;
    private final EventLoop loop;
    private final SocketEvents source;
    private final SocketEvents sink;
    private final CopyBuffer copying = new CopyBuffer();
    private Conduit conduit = copying;
    private long bulk;
    private int littleInARow;
    private boolean due;
    private boolean ended;
    private boolean doomed;
    private boolean over;

    private Flow(Relay relay, RelaySide from, RelaySide to, EventLoop loop, SocketEvents source, SocketEvents sink) {
        this.relay = relay;
        this.from = from;
        this.to = to;
        this.loop = loop;
        this.source = source;
        this.sink = sink;
    }

    /** Nothing that was read from {@code source}, and nothing for {@code sink}, is still on its way. */
    static Flow begin(
            Relay relay, RelaySide from, RelaySide to, EventLoop loop, SocketEvents source, SocketEvents sink) {
        Flow flow = new Flow(relay, from, to, loop, source, sink);
        flow.due = source.takeReading(flow::readable);
        sink.takeWriting(flow::writable);
        return flow;
    }

    /** Moves what there is already, and of which it will not be told. */
    void moveIfDue() {
        if (due) {
            due = false;
            move(false);
        }
    }

    /** Whether something was read that the peer's kernel has not taken yet. */
    boolean isWaiting() {
        return conduit.held() > 0;
    }

    /** What the channel was about to read when it was taken over: nothing was read past it yet. */
    void first(ByteBuf bytes) {
        int length = bytes.readableBytes();
        copying.add(bytes);
        passOn(length);
    }

    private void readable(boolean hungUp, boolean broken) {
        if (over) {
            return;
        }
        if (ended && broken) { // the end has been read, so that reading tells nothing else
            end();
            from.readFailed();
        } else if (conduit.held() == 0) {
            move(hungUp);
        } else if (broken && !doomed) {
            doomed = true;
            loop.schedule(this::giveUp, BROKEN_GRACE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void writable(boolean hungUp, boolean broken) {
        if (over || conduit.held() == 0 || !drain()) {
            return;
        }
        relay.stillActive();
        if (conduit.held() == 0) {
            sink.awaitRoom(false);
            source.awaitInput(true);
            move(false);
        }
    }

    private void move(boolean hungUp) {
        long moved = 0;
        boolean more = true;
        for (int turn = 0; turn < TURNS && more; turn++) {
            int filled = fill();
            if (over) {
                return;
            }
            if (filled == Conduit.ENDED) {
                end(moved);
                return;
            }
            moved += filled;
            more = filled > 0 && passOn(filled) && (hungUp || conduit.mayLeaveMore(filled));
            if (over) {
                return;
            }
        }
        if (more) {
            source.awaitInput(true); // after others
        }
        if (moved > 0) {
            relay.active(from);
        }
        if (conduit.held() == 0) {
            choose(moved, hungUp && !more);
        }
    }

    private int fill() {
        try {
            return conduit.fill(source);
        } catch (IOException e) {
            end();
            from.readFailed();
            return 0;
        }
    }

    /** @return whether there is room for more */
    private boolean passOn(int filled) {
        relay.counted(from.isFromClient(), filled);
        if (!drain()) {
            return false;
        }
        if (conduit.held() > 0) {
            source.awaitInput(false);
            sink.awaitRoom(true);
            return false;
        }
        return true;
    }

    /** @return whether the receiver is still there */
    private boolean drain() {
        try {
            conduit.drain(sink);
            return true;
        } catch (IOException e) {
            end();
            to.writeFailed();
            return false;
        }
    }

    /** Everything has been passed on. */
    private void end(long moved) {
        ended = true;
        source.awaitInput(false);
        if (moved > 0) {
            relay.active(from);
        }
        from.inputEnded();
    }

    /** Splicing pays for much at a time, and cannot tell the end of the data. */
    private void choose(long moved, boolean mayHaveEnded) {
        if (conduit != copying) {
            littleInARow = moved < LITTLE ? littleInARow + 1 : 0;
            if (mayHaveEnded || littleInARow >= PATIENCE) {
                conduit.giveBack();
                conduit = copying;
            }
        } else {
            bulk = moved < LITTLE && relay.spliceAfter() > 0 ? 0 : bulk + moved;
            if (bulk >= relay.spliceAfter()) {
                bulk = 0;
                splice();
            }
        }
    }

    private void splice() {
        SplicePipe pipe = SplicePipe.take();
        if (pipe != null) {
            conduit = pipe;
            littleInARow = 0;
        }
    }

    private void giveUp() {
        if (!over && conduit.held() > 0) {
            end();
            from.readFailed();
        }
    }

    /** What is still held does not arrive. */
    void abandon() {
        end();
    }

    private void end() {
        if (over) {
            return;
        }
        over = true;
        source.giveReadingBack();
        sink.giveWritingBack();
        conduit.giveBack();
        from.flowEnded();
    }
}
