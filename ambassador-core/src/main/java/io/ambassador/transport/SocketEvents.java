package io.ambassador.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.IoEvent;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What one socket waits for, on its event loop. It stands between Netty's channel and epoll, so that somebody else can
 * take over one direction of the socket for a while, and give it back, without the channel noticing.
 *
 * <p>A socket begins edge-triggered if its channel does not read yet: a client's that waits for its backend, a backend's
 * that is being connected. Epoll is told once, then, of all that may come, and what nobody waits for is passed over here.
 * As soon as the channel reads by itself, it is told of what is waited for, each time that changes.
 *
 * <p>A socket that waits for nothing stays registered, by asking for edge-triggered notification of no event: Netty
 * 4.2.18 would remove it, and fail to add it again, and what was to be written would be lost.
 */
public final class SocketEvents implements IoRegistration, EpollIoHandle {
    /** Who has taken over a direction. */
    public interface Taker {
        /**
         * There may be something to read, or room to write. Whoever leaves something unread, or unwritten, has to ask
         * for the next call with {@link #awaitInput} or {@link #awaitRoom}.
         *
         * @param ended whether the peer has finished sending, or the connection broke
         * @param broken whether the connection broke
         */
        void ready(boolean ended, boolean broken);
    }

    private record Event(EpollIoOps ops) implements EpollIoEvent {}

    private static final int IN = EpollIoOps.EPOLLIN.value();
    private static final int OUT = EpollIoOps.EPOLLOUT.value();
    private static final int ERROR = EpollIoOps.EPOLLERR.value();
    private static final int READ_HANG_UP = EpollIoOps.EPOLLRDHUP.value();
    private static final int HANG_UP = 0x10;
    private static final int READING = IN | READ_HANG_UP;
    private static final int EDGES = EpollIoOps.EPOLLET.value();
    private static final int NOTHING = EDGES;
    private static final int UNTOLD = 0;

    private static final EpollIoOps INPUT_BY_EDGES = EpollIoOps.valueOf(EDGES | READING);
    private static final EpollIoOps ALL_BY_EDGES = EpollIoOps.valueOf(EDGES | READING | OUT);

    private final CoalescingEpollHandler handler;
    private final EpollIoHandle channel;
    private @Nullable IoRegistration registration;
    private @Nullable Taker reader;
    private @Nullable Taker writer;
    private boolean awaitsInput;
    private boolean awaitsRoom;
    private int ofChannel;
    private int told = UNTOLD;
    private boolean byEdges;
    /** Whether epoll is to report anew what it has reported. */
    private boolean again;
    /** Whether there was something to read when nobody was waiting for it. */
    private boolean passedOver;

    private boolean changing;
    private volatile boolean cancelled;

    SocketEvents(CoalescingEpollHandler handler, EpollIoHandle channel) {
        this.handler = handler;
        this.channel = channel;
    }

    /** @return {@code null} where a direction cannot be taken over: only sockets with epoll can. On its event loop */
    public static @Nullable SocketEvents of(Channel channel) {
        if (!(channel instanceof UnixChannel socket)) {
            return null;
        }
        SocketEvents events = CoalescingEpollHandler.find(socket.fd().intValue());
        return events != null && events.fd() == socket.fd() ? events : null;
    }

    /**
     * From now on {@code taker} reads, and the channel does not.
     *
     * @return whether it should read at once, since there is something of which it will not be told
     */
    public boolean takeReading(Taker taker) {
        reader = taker;
        awaitsInput = true;
        changed();
        boolean due = byEdges && passedOver;
        passedOver = false;
        return due;
    }

    /**
     * Reads, for the channel, what came when nobody was waiting for it.
     *
     * @return {@code null} if there is nothing, or the channel is told of all that comes; released by the caller
     * @throws IOException if the connection has broken
     */
    public @Nullable ByteBuf readPassedOver(ByteBufAllocator allocator) throws IOException {
        if (!byEdges || !passedOver) {
            return null;
        }
        ByteBuf bytes = allocator.directBuffer(ReadSizes.LEAST, ReadSizes.LEAST);
        try {
            ByteBuffer view = bytes.internalNioBuffer(0, bytes.capacity());
            int read = socket().recv(view, view.position(), view.limit());
            bytes.writerIndex(Math.max(0, read));
            passedOver = !bytes.isWritable();
            return bytes.isReadable() ? bytes.retain() : null;
        } finally {
            bytes.release();
        }
    }

    /** From now on {@code taker} writes, and the channel has nothing to write. */
    public void takeWriting(Taker taker) {
        writer = taker;
        awaitRoom(false);
    }

    /** @param wanted {@code true} also tells of what is there already */
    public void awaitInput(boolean wanted) {
        awaitsInput = wanted;
        again |= wanted;
        changed();
    }

    /** @param wanted {@code true} also tells of room that is there already */
    public void awaitRoom(boolean wanted) {
        awaitsRoom = wanted;
        again |= wanted;
        changed();
    }

    /** Input is the channel's again, with what has not been read. */
    public void giveReadingBack() {
        reader = null;
        byEdges = false;
        changed();
    }

    public void giveWritingBack() {
        writer = null;
        byEdges = false;
        changed();
    }

    @Override
    public FileDescriptor fd() {
        return channel.fd();
    }

    int descriptor() {
        return channel.fd().intValue();
    }

    /** To read from and write to; a channel's descriptor is one. */
    Socket socket() {
        return (Socket) channel.fd();
    }

    /** Tells the peer that no more will come. */
    public void endOutput() throws IOException {
        socket().shutdown(false, true);
    }

    void registeredAs(IoRegistration with) {
        registration = with;
    }

    private void changed() {
        if (!changing && !cancelled) {
            changing = true;
            handler.changes(this);
        }
    }

    /** Tells epoll, if there is something to tell. */
    void tell() {
        changing = false;
        if (registration == null || cancelled) {
            return;
        }
        int wanted = wanted();
        boolean channelReads = reader == null && (ofChannel & IN) != 0;
        boolean channelWrites = writer == null && (ofChannel & OUT) != 0;
        if (told == UNTOLD) {
            byEdges = !channelReads && wanted != NOTHING; // one that connects waits for room
        } else if (channelReads || channelWrites) {
            byEdges = false;
        }
        if (byEdges) {
            wanted = told | EDGES | READING | wanted & OUT;
        }
        if (wanted != told || byEdges && again) {
            told = wanted;
            registration.submit(ops(wanted));
        }
        again = false;
    }

    private static EpollIoOps ops(int value) {
        return value == INPUT_BY_EDGES.value()
                ? INPUT_BY_EDGES
                : value == ALL_BY_EDGES.value() ? ALL_BY_EDGES : EpollIoOps.valueOf(value);
    }

    private int wanted() {
        int wanted = ofChannel;
        if (reader != null) {
            wanted = wanted & ~READING | (awaitsInput ? READING : 0);
        }
        if (writer != null) {
            wanted = wanted & ~OUT | (awaitsRoom ? OUT : 0);
        }
        return (wanted & (READING | OUT)) == 0 ? NOTHING : wanted;
    }

    void tellCancelled() {
        if (registration != null) {
            registration.cancel();
        }
    }

    // As the channel sees it.

    @Override
    public <T> T attachment() {
        if (registration == null) {
            throw new IllegalStateException("not registered");
        }
        return registration.attachment();
    }

    @Override
    public long submit(IoOps ops) {
        if (cancelled) {
            return -1;
        }
        if (!handler.onThread()) {
            handler.execute(() -> submit(ops));
            return 0;
        }
        ofChannel = ((EpollIoOps) ops).value();
        changed();
        return ofChannel;
    }

    @Override
    public boolean isValid() {
        return !cancelled;
    }

    @Override
    public boolean cancel() {
        if (cancelled) {
            return false;
        }
        cancelled = true;
        if (handler.onThread()) {
            handler.cancels(this);
        } else {
            handler.execute(() -> handler.cancels(this));
        }
        return true;
    }

    // As epoll sees it.

    /**
     * What comes before epoll has been told of this socket was meant for another one that had the same descriptor and
     * was closed a moment ago, when its event was already there.
     */
    @Override
    public void handle(IoRegistration registered, IoEvent event) {
        if (told == UNTOLD) {
            return;
        }
        int reported = ((EpollIoEvent) event).ops().value();
        int ops = byEdges ? waitedFor(reported) : reported;
        boolean broken = (ops & ERROR) != 0;
        int rest = ops;
        if (writer != null) {
            rest &= ~OUT;
            if ((ops & (OUT | ERROR)) != 0 && !cancelled) {
                writer.ready(broken, broken);
            }
        }
        if (reader != null) {
            rest &= ~(READING | ERROR | HANG_UP);
            if ((ops & (READING | ERROR | HANG_UP)) != 0 && !cancelled) {
                reader.ready((ops & (READ_HANG_UP | ERROR | HANG_UP)) != 0, broken);
            }
            if (byEdges && (ops & READ_HANG_UP) != 0 && awaitsInput) {
                awaitInput(true); // the end has not been read
            }
        }
        if (rest != 0 && !cancelled) {
            channel.handle(this, rest == reported ? event : new Event(EpollIoOps.valueOf(rest)));
        }
    }

    /** What epoll would have reported if it knew what is waited for now. */
    private int waitedFor(int reported) {
        int ops = reported & (wanted() | ERROR | HANG_UP);
        passedOver |= (reported & ~ops & READING) != 0;
        return ops;
    }

    @Override
    public void registered() {
        channel.registered();
    }

    @Override
    public void unregistered() {
        channel.unregistered();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (Exception e) {
            throw new IllegalStateException("A channel cannot be closed.", e);
        }
    }
}
