package io.ambassador.listener;

import io.ambassador.spi.LogLimiter;
import io.ambassador.transport.OpenFiles;
import io.netty.channel.Channel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the process clear of its limit of open files: when as many clients are connected as there are descriptors for,
 * listeners stop accepting, and what comes waits in the kernel's queue until somebody leaves. Thread-safe.
 */
public final class AcceptGate {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.listener");

    /** Kept back for probes, discovery, files, the admin address and the JVM. */
    private static final int RESERVE = 96;

    private final LogLimiter limiter = new LogLimiter();
    private final int most;
    private final AtomicInteger inside = new AtomicInteger();
    private final Set<Channel> listeners = ConcurrentHashMap.newKeySet();
    private volatile boolean shut;

    /** @param descriptors this process may open; two are used for each client */
    AcceptGate(int descriptors) {
        this.most = Math.max(8, (descriptors - RESERVE) / 2);
    }

    /** For the limit that this process has. */
    public static AcceptGate ofProcess() {
        return new AcceptGate(OpenFiles.limit());
    }

    /** Lets {@code listener}, which has not accepted yet, begin as soon as there is room. */
    synchronized void guard(Channel listener) {
        listeners.add(listener);
        listener.closeFuture().addListener(closed -> listeners.remove(listener));
        listener.config().setAutoRead(!shut);
    }

    void entered() {
        if (inside.incrementAndGet() >= most) {
            openOrShut();
        }
    }

    void left() {
        inside.decrementAndGet();
        if (shut) {
            openOrShut();
        }
    }

    /** Looks again after each change: somebody may have come or left meanwhile, and seen the old state. */
    private synchronized void openOrShut() {
        while (shut != inside.get() >= most) {
            shut = !shut;
            boolean open = !shut;
            if (shut) {
                limiter.log(
                        this,
                        leftOut ->
                                LOG.warn("{} clients are connected, as many as open files allow: new ones wait", most));
            }
            listeners.forEach(listener -> listener.config().setAutoRead(open));
        }
    }
}
