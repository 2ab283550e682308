package io.ambassador.relay;

import io.ambassador.transport.SocketEvents;
import io.ambassador.transport.SplicePipe;
import io.netty.channel.Channel;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Moves one direction of a relay from socket to socket without copying, for as long as much is coming. It only moves
 * bytes: the end of the data and everything else out of the ordinary is left to the channel, which reads again from
 * where splicing stopped. On the connection's event loop.
 */
final class Splice implements FastPath {
    /** Less than this at one time is as well copied. */
    static final int LITTLE = 16 * 1024;

    /** So many times in a row that little came end it. */
    private static final int PATIENCE = 4;

    /** How often the pipe is filled before other connections have their turn. */
    private static final int TURNS = 16;

    /** How long what was read before the connection broke may take to be delivered. */
    private static final long BROKEN_GRACE_MILLIS = 500;

    private final Relay relay;
    private final RelaySide from;
    private final RelaySide to;
    private final Channel in;
    private final Channel out;
    private final SocketEvents source;
    private final SocketEvents sink;
    private final SplicePipe pipe;
    private int littleInARow;
    private boolean doomed;
    private boolean over;

    private Splice(
            Relay relay,
            RelaySide from,
            RelaySide to,
            Channel in,
            Channel out,
            SocketEvents source,
            SocketEvents sink,
            SplicePipe pipe) {
        this.relay = relay;
        this.from = from;
        this.to = to;
        this.in = in;
        this.out = out;
        this.source = source;
        this.sink = sink;
        this.pipe = pipe;
    }

    /** Both sides' channels are plain text and have nothing left to write; {@code null} if copying has to go on. */
    static @Nullable Splice begin(Relay relay, RelaySide from, RelaySide to) {
        Channel in = from.channel;
        Channel out = to.channel;
        SocketEvents source = in == null ? null : SocketEvents.of(in);
        SocketEvents sink = out == null ? null : SocketEvents.of(out);
        SplicePipe pipe = source == null || sink == null ? null : SplicePipe.take();
        if (in == null || out == null || source == null || sink == null || pipe == null) {
            return null;
        }
        Splice splice = new Splice(relay, from, to, in, out, source, sink, pipe);
        source.takeReading(splice::readable);
        sink.takeWriting(splice::writable);
        return splice;
    }

    @Override
    public boolean isWaiting() {
        return pipe.held() > 0;
    }

    private void readable(boolean ended, boolean broken) {
        if (over) {
            return;
        }
        if (pipe.held() == 0) {
            move(ended);
        } else if (broken && !doomed) {
            doomed = true;
            in.eventLoop().schedule(this::giveUp, BROKEN_GRACE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void writable(boolean ended, boolean broken) {
        if (over || pipe.held() == 0) {
            return;
        }
        try {
            pipe.drain(out);
        } catch (IOException e) {
            end();
            to.writeFailed();
            return;
        }
        relay.stillActive();
        if (pipe.held() == 0) {
            sink.awaitRoom(false);
            source.awaitInput(true);
            move(false);
        }
    }

    private void move(boolean ended) {
        long moved = 0;
        boolean more = true;
        for (int turn = 0; turn < TURNS && more; turn++) {
            int filled;
            try {
                filled = pipe.fill(in);
            } catch (IOException e) {
                end();
                from.readFailed();
                return;
            }
            moved += filled;
            more = filled > 0 && drained(filled);
            if (over) {
                return;
            }
        }
        relay.active(from);
        littleInARow = moved < LITTLE ? littleInARow + 1 : 0;
        boolean dry = !more && pipe.held() == 0;
        if (pipe.held() == 0 && (dry && ended || littleInARow >= PATIENCE)) {
            end(); // and whatever else there is to read, be it the end, the channel reads
        }
    }

    /** @return whether there is room for more */
    private boolean drained(int filled) {
        relay.counted(from.isFromClient(), filled);
        try {
            pipe.drain(out);
        } catch (IOException e) {
            end();
            to.writeFailed();
            return false;
        }
        if (pipe.held() > 0) {
            source.awaitInput(false);
            sink.awaitRoom(true);
            return false;
        }
        return true;
    }

    private void giveUp() {
        if (!over && pipe.held() > 0) {
            end();
            from.readFailed();
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
        source.giveReadingBack();
        sink.giveWritingBack();
        pipe.giveBack();
        from.fastPathEnded();
    }
}
