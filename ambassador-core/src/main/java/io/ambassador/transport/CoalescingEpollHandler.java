package io.ambassador.transport;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Netty's epoll, told of changes once: what a socket waits for is passed on when the loop is about to wait, whatever it
 * changed to and back meanwhile, and a socket that was closed by then is not passed on at all. One for each event loop,
 * on its thread.
 *
 * <p>Netty 4.2.18 asks the kernel at each change, which is most of what a short connection costs beyond its bytes. It
 * also removes a socket from epoll when there is no event left to wait for, and forgets that it did: see {@link
 * SocketEvents}.
 */
final class CoalescingEpollHandler implements IoHandler {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.transport");
    private static final FastThreadLocal<@Nullable CoalescingEpollHandler> CURRENT = new FastThreadLocal<>();

    private final ThreadAwareExecutor executor;
    private final IoHandler epoll;
    private final IntObjectMap<SocketEvents> sockets = new IntObjectHashMap<>();
    private final List<SocketEvents> changed = new ArrayList<>();
    private final List<SocketEvents> cancelled = new ArrayList<>();

    CoalescingEpollHandler(ThreadAwareExecutor executor, IoHandler epoll) {
        this.executor = executor;
        this.epoll = epoll;
    }

    static IoHandlerFactory newFactory() {
        IoHandlerFactory factory = EpollIoHandler.newFactory();
        return executor -> new CoalescingEpollHandler(executor, factory.newHandler(executor));
    }

    /** The events of a socket of the event loop that calls; {@code null} for one that is not with this handler. */
    static @Nullable SocketEvents find(int descriptor) {
        CoalescingEpollHandler handler = CURRENT.getIfExists();
        return handler == null ? null : handler.sockets.get(descriptor);
    }

    @Override
    public void initialize() {
        CURRENT.set(this);
        epoll.initialize();
    }

    @Override
    public int run(IoHandlerContext context) {
        tellChanges();
        return epoll.run(context);
    }

    @Override
    public void prepareToDestroy() {
        tellChanges();
        epoll.prepareToDestroy();
    }

    @Override
    public void destroy() {
        tellChanges();
        epoll.destroy();
        CURRENT.remove();
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        tellCancelled(); // its descriptor may be one of theirs
        SocketEvents events = new SocketEvents(this, (EpollIoHandle) handle);
        events.registeredAs(epoll.register(events));
        sockets.put(events.descriptor(), events);
        return events;
    }

    @Override
    public void wakeup() {
        epoll.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return epoll.isCompatible(handleType);
    }

    boolean onThread() {
        return executor.isExecutorThread(Thread.currentThread());
    }

    void execute(Runnable task) {
        executor.execute(task);
    }

    void changes(SocketEvents events) {
        changed.add(events);
    }

    /** Its descriptor is about to be closed, which removes it from epoll without being asked. */
    void cancels(SocketEvents events) {
        if (sockets.get(events.descriptor()) == events) {
            sockets.remove(events.descriptor());
        }
        cancelled.add(events);
    }

    private void tellChanges() {
        tellCancelled();
        for (int i = 0; i < changed.size(); i++) {
            SocketEvents events = changed.get(i);
            try {
                events.tell();
            } catch (UncheckedIOException e) {
                LOG.warn("A socket cannot be waited for, and is closed: {}", e.getMessage());
                events.close();
            }
        }
        changed.clear();
    }

    private void tellCancelled() {
        for (int i = 0; i < cancelled.size(); i++) {
            cancelled.get(i).tellCancelled();
        }
        cancelled.clear();
    }
}
