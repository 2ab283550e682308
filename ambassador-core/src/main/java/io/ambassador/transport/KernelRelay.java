package io.ambassador.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pairs of sockets whose bytes the kernel hands from the one to the other, without the process having a part in it. One
 * for each event loop, on its thread.
 */
public final class KernelRelay implements EpollIoHandle {
    /** Who is told of a direction. */
    public interface Watcher {
        /** It has used up much of what it was allowed, or something waits to be read. */
        void notified();

        /** Asked now and then, as long as there is something to tell often. @return whether there was */
        boolean sampled();
    }

    private static final Logger LOG = LoggerFactory.getLogger("ambassador.transport");

    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVLOWAT = 18;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_COOKIE = 57;

    private static final long OFTEN_MILLIS = 20;
    private static final long RARELY_MILLIS = 1_000;

    /** An even slot for a client, the one after it for its backend. */
    private static final int SLOTS = 2 * Math.min(8 * 1024, Math.max(64, OpenFiles.limit() / 2));

    private static final FastThreadLocal<@Nullable KernelRelay> CURRENT = new FastThreadLocal<>();

    private final EventLoop loop;
    private final KernelMaps maps;
    private final FileDescriptor ring;
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(256).order(ByteOrder.nativeOrder());
    private final Watcher[] watchers = new Watcher[SLOTS];
    private final Deque<Integer> free = new ArrayDeque<>();
    private int used;
    private int unused;
    private long sampleMillis = OFTEN_MILLIS;
    private @Nullable Future<?> sampling;

    private KernelRelay(EventLoop loop, KernelMaps maps) {
        this.loop = loop;
        this.maps = maps;
        this.ring = new FileDescriptor(maps.ringDescriptor());
    }

    /** Whether this can be had at all; the first one to ask waits until that has been tried out. Any thread. */
    public static boolean isAvailable() {
        return KernelSupport.isThere();
    }

    /** That of the event loop that calls; {@code null} if there is none to be had. */
    public static @Nullable KernelRelay of(Channel channel) {
        KernelRelay relay = CURRENT.get();
        if (relay == null && isAvailable() && channel.eventLoop() instanceof IoEventLoop loop) {
            try {
                relay = new KernelRelay(channel.eventLoop(), new KernelMaps(SLOTS));
            } catch (IOException e) {
                LOG.warn("The kernel cannot relay connections of {}: {}", Thread.currentThread(), e.getMessage());
                return null;
            }
            relay.register(loop);
            CURRENT.set(relay);
        }
        return relay;
    }

    private void register(IoEventLoop on) {
        on.register(this).addListener((Future<IoRegistration> registered) -> {
            if (registered.isSuccess()) {
                registered.getNow().submit(EpollIoOps.EPOLLIN);
            } else {
                LOG.error("The kernel's relay cannot tell what it does.", registered.cause());
            }
        });
    }

    /**
     * From now on the kernel decides what becomes of what these two receive; at first, all of it is to be read as ever.
     *
     * @return {@code null} if that cannot be done, ever. Neither may be spliced from then on.
     */
    public @Nullable KernelPair link(Channel client, Channel backend) {
        if (!(client instanceof EpollSocketChannel) || !(backend instanceof EpollSocketChannel)) {
            return null;
        }
        Integer slot = free.poll();
        if (slot == null) {
            if (unused == SLOTS) {
                return null;
            }
            slot = unused;
            unused += 2;
        }
        return link(slot, (EpollSocketChannel) client, (EpollSocketChannel) backend);
    }

    private @Nullable KernelPair link(int slot, EpollSocketChannel client, EpollSocketChannel backend) {
        long clientCookie;
        try {
            clientCookie = prepared(client);
            maps.add(slot, clientCookie, descriptor(client));
        } catch (IOException e) {
            failed(e);
            free.push(slot);
            return null;
        }
        long backendCookie;
        try {
            backendCookie = prepared(backend);
            maps.add(slot + 1, backendCookie, descriptor(backend));
            // What has come since is looked at now, not only when more comes.
            Libc.setOption(descriptor(client), SOL_SOCKET, SO_RCVLOWAT, 1, scratch);
            Libc.setOption(descriptor(backend), SOL_SOCKET, SO_RCVLOWAT, 1, scratch);
        } catch (IOException e) {
            failed(e);
            // The client's socket stays as it is, since the kernel may have passed it something already.
            client.closeFuture().addListener(closed -> {
                maps.forget(clientCookie);
                free.push(slot);
            });
            return null;
        }
        used++;
        return new KernelPair(
                new KernelDirection(this, maps, scratch, slot, client, backend),
                new KernelDirection(this, maps, scratch, slot + 1, backend, client),
                clientCookie,
                backendCookie);
    }

    private static void failed(IOException cause) { // a peer has finished meanwhile, or is gone
        LOG.debug("A connection cannot be left to the kernel: {}", cause.getMessage());
    }

    private long prepared(EpollSocketChannel socket) throws IOException {
        Libc.setOption(descriptor(socket), SOL_SOCKET, SO_SNDBUFFORCE, KernelDirection.SEND_BUFFER, scratch);
        Libc.option(descriptor(socket), SOL_SOCKET, SO_COOKIE, scratch, 8);
        return scratch.getLong(0);
    }

    /** Both sockets are closed. */
    void unlinked(int slot, long clientCookie, long backendCookie) {
        used--;
        maps.forget(clientCookie);
        maps.forget(backendCookie);
        free.push(slot);
    }

    /**
     * Whether everything that has come was read. Only then may a socket be linked: of what has been read in part, the
     * kernel would pass on the whole.
     */
    public boolean hasReadAll(Channel channel) {
        try {
            return channel instanceof EpollSocketChannel socket && Libc.unread(descriptor(socket), scratch) == 0;
        } catch (IOException e) {
            return false;
        }
    }

    void watch(int slot, @Nullable Watcher by) {
        watchers[slot] = by;
        if (by != null) {
            sampleSoon();
        }
    }

    private void sampleSoon() {
        if (sampling != null && sampleMillis == OFTEN_MILLIS) {
            return;
        }
        if (sampling != null) {
            sampling.cancel(false);
        }
        sampleMillis = OFTEN_MILLIS;
        sampling = loop.schedule(this::sample, sampleMillis, TimeUnit.MILLISECONDS);
    }

    private void sample() {
        sampling = null;
        if (used == 0) {
            return;
        }
        boolean any = false;
        for (int slot = 0; slot < unused; slot++) {
            Watcher watcher = watchers[slot];
            any |= watcher != null && watcher.sampled();
        }
        sampleMillis = any ? OFTEN_MILLIS : Math.min(2 * sampleMillis, RARELY_MILLIS);
        sampling = loop.schedule(this::sample, sampleMillis, TimeUnit.MILLISECONDS);
    }

    static int descriptor(EpollSocketChannel socket) throws IOException {
        if (!socket.isOpen()) {
            throw new IOException("closed");
        }
        return socket.fd().intValue();
    }

    // As epoll sees it.

    @Override
    public FileDescriptor fd() {
        return ring;
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {
        for (int slot; (slot = maps.nextNotified()) >= 0; ) {
            Watcher watcher = watchers[slot];
            if (watcher != null) {
                watcher.notified();
            }
        }
    }

    /** The event loop ends. */
    @Override
    public void close() {
        if (sampling != null) {
            sampling.cancel(false);
        }
        maps.close();
        CURRENT.remove();
    }
}
