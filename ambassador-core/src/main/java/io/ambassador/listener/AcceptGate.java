package io.ambassador.listener;

import io.ambassador.spi.LogLimiter;
import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        return new AcceptGate(descriptorLimit(Path.of("/proc/self/limits")));
    }

    public void guard(Channel listener) {
        listeners.add(listener);
        listener.closeFuture().addListener(closed -> listeners.remove(listener));
        if (shut) {
            listener.config().setAutoRead(false);
        }
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

    /** The soft limit of open files; a large number where it cannot be told. */
    static int descriptorLimit(Path limits) {
        try {
            for (String line : Files.readAllLines(limits)) {
                if (line.startsWith("Max open files")) {
                    String soft =
                            line.substring("Max open files".length()).trim().split("\\s+")[0];
                    return soft.equals("unlimited") ? Integer.MAX_VALUE : (int) Math.min(Long.parseLong(soft), 1 << 30);
                }
            }
        } catch (IOException | NumberFormatException e) {
            LOG.debug("The limit of open files cannot be read from {}.", limits, e);
        }
        return 1 << 20;
    }
}
