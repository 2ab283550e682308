package io.ambassador.transport;

import io.netty.channel.epoll.Native;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.FastThreadLocal;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pipe of the kernel's that carries bytes from one socket to another without copying them into this process (splice,
 * Linux). On one event loop, which keeps a few for the next.
 */
public final class SplicePipe implements Conduit {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.transport");

    /** What a pipe holds unless told otherwise: sixteen pages or buffers of the network. */
    private static final int CAPACITY = 64 * 1024;

    /** Two descriptors each, which clients must not miss; what finds none left is copied. */
    private static final int MOST = Math.min(512, OpenFiles.limit() / 64);

    private static final int KEPT = 16;
    private static final AtomicInteger OPEN = new AtomicInteger();
    private static final FastThreadLocal<Deque<SplicePipe>> SPARE = new FastThreadLocal<>() {
        @Override
        protected Deque<SplicePipe> initialValue() {
            return new ArrayDeque<>();
        }

        @Override
        protected void onRemoval(Deque<SplicePipe> spare) {
            spare.forEach(SplicePipe::close);
        }
    };

    private final FileDescriptor out;
    private final FileDescriptor in;
    private int held;

    private SplicePipe(FileDescriptor[] ends) {
        this.out = ends[0];
        this.in = ends[1];
    }

    /** @return {@code null} if there are enough, or the process may open no more files */
    public static @Nullable SplicePipe take() {
        SplicePipe spare = SPARE.get().poll();
        if (spare != null) {
            return spare;
        }
        if (OPEN.incrementAndGet() > MOST) {
            OPEN.decrementAndGet();
            return null;
        }
        try {
            return new SplicePipe(FileDescriptor.pipe());
        } catch (IOException e) {
            OPEN.decrementAndGet();
            LOG.debug("There is no pipe to be had: {}", e.getMessage());
            return null;
        }
    }

    @Override
    public int held() {
        return held;
    }

    /** The end of the data looks as if there was none now. */
    @Override
    public int fill(SocketEvents from) throws IOException {
        int moved = Native.splice(from.descriptor(), -1, in.intValue(), -1, CAPACITY);
        held += moved;
        return moved;
    }

    @Override
    public void drain(SocketEvents to) throws IOException {
        while (held > 0) {
            int moved = Native.splice(out.intValue(), -1, to.descriptor(), -1, held);
            if (moved == 0) {
                return;
            }
            held -= moved;
        }
    }

    @Override
    public boolean mayLeaveMore(int filled) {
        return true;
    }

    /** Keeps it for the next if it is empty. */
    @Override
    public void giveBack() {
        Deque<SplicePipe> spare = SPARE.get();
        if (held == 0 && spare.size() < KEPT) {
            spare.push(this);
        } else {
            close();
        }
    }

    private void close() {
        OPEN.decrementAndGet();
        for (FileDescriptor end : new FileDescriptor[] {in, out}) {
            try {
                end.close();
            } catch (IOException e) {
                LOG.warn("A pipe cannot be closed: {}", e.getMessage());
            }
        }
    }
}
