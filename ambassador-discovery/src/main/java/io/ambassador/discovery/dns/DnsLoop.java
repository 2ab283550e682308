package io.ambassador.discovery.dns;

import io.ambassador.spi.LogLimiter;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that does all DNS input and output. It starts with the first user and ends with the last; nothing of
 * it outlives them.
 */
final class DnsLoop {
    static final Logger LOG = LoggerFactory.getLogger(DnsLoop.class);
    private static final LogLimiter LIMITER = new LogLimiter();
    static final String THREAD_NAME = "ambassador-dns";

    /** Sockets at a time; further queries wait for their turn, so that a wide SRV record cannot use up descriptors. */
    private static final int MAX_IN_FLIGHT = 64;

    private static final long JOIN_MILLIS = 1_000;

    private static @Nullable DnsLoop shared;
    private static int users;

    private final Selector selector;
    private final Thread thread;
    private final Queue<Exchange> submitted = new ConcurrentLinkedQueue<>();
    private final Queue<Exchange> waiting = new ArrayDeque<>();
    private final Set<Exchange> inFlight = new HashSet<>();
    private volatile boolean stopping;

    private DnsLoop() throws IOException {
        selector = Selector.open();
        thread = new Thread(this::run, THREAD_NAME);
        thread.setDaemon(true);
        thread.start();
    }

    /** Counts one more user; each call needs one {@link #release()}. */
    static synchronized void acquire() {
        users++;
    }

    /** The running loop, for users; a new one if there is none, or if it died. */
    static synchronized DnsLoop running() throws IOException {
        DnsLoop loop = shared;
        if (loop == null || loop.stopping) {
            loop = new DnsLoop();
            shared = loop;
        }
        return loop;
    }

    /** The last release ends the thread and fails what is still under way. */
    static synchronized void release() {
        users--;
        DnsLoop loop = shared;
        if (users == 0 && loop != null) {
            shared = null;
            loop.stop();
        }
    }

    void submit(Exchange exchange) {
        submitted.add(exchange);
        if (stopping) {
            failAll();
        }
        selector.wakeup();
    }

    private void stop() {
        stopping = true;
        selector.wakeup();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(JOIN_MILLIS); // microseconds: the thread runs nobody else's code
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        ByteBuffer scratch = ByteBuffer.allocate(1 << 16);
        try (selector) {
            while (!stopping) {
                selector.select(millisToNextDeadline());
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.isValid()) {
                        ((Exchange) key.attachment()).proceed(key, scratch);
                    }
                }
                selector.selectedKeys().clear();
                expire();
                startWaiting();
            }
        } catch (IOException | ClosedSelectorException e) {
            LIMITER.log(
                    "failed",
                    leftOut -> LOG.error(
                            "The DNS thread failed; the next look-up starts another{}", LogLimiter.more(leftOut), e));
        } finally {
            stopping = true;
            inFlight.forEach(exchange -> exchange.fail(closed()));
            waiting.forEach(exchange -> exchange.fail(closed()));
            failAll();
        }
    }

    private void startWaiting() {
        Exchange next;
        while ((next = submitted.poll()) != null) {
            waiting.add(next);
        }
        while (inFlight.size() < MAX_IN_FLIGHT && (next = waiting.poll()) != null) {
            next.start(selector);
            if (!next.isDone()) {
                inFlight.add(next);
            }
        }
    }

    private void expire() {
        for (Exchange exchange : inFlight) {
            if (!exchange.isDone() && exchange.nanosLeft() <= 0) {
                exchange.fail(new SocketTimeoutException("no reply"));
            }
        }
        inFlight.removeIf(Exchange::isDone);
    }

    private long millisToNextDeadline() {
        long least = Long.MAX_VALUE;
        for (Exchange exchange : inFlight) {
            least = Math.min(least, exchange.nanosLeft());
        }
        return least == Long.MAX_VALUE ? 0 : Math.max(1, TimeUnit.NANOSECONDS.toMillis(least) + 1);
    }

    private void failAll() {
        Exchange next;
        while ((next = submitted.poll()) != null) {
            next.fail(closed());
        }
    }

    private static IOException closed() {
        return new IOException("the DNS client was closed");
    }
}
