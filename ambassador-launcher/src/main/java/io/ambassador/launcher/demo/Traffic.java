package io.ambassador.launcher.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Two clients, one of Redis and one of HTTP, that dial anew for each request and never try again: what they see is
 * what the ambassador lets them see. 20 connections a second each.
 */
final class Traffic implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(50);

    /** Dials once and tells who served. */
    private interface Request {
        String servedBy(InetSocketAddress address) throws IOException;
    }

    private final Stage stage;
    private final Consumer<String> failures;
    private final List<Thread> threads = new ArrayList<>();
    private final Map<String, Integer> served = new TreeMap<>(); // guarded by this, as are the next three
    private Duration slowest = Duration.ZERO;
    private long connections;
    private long errors;
    private volatile boolean closed;

    /** @param failures hears of each connection that failed, on the client's thread */
    Traffic(Stage stage, Consumer<String> failures) {
        this.stage = stage;
        this.failures = failures;
    }

    void start() {
        begin("redis", stage.redis(), Client::redisAt);
        begin("http", stage.http(), Client::httpAt);
    }

    /** Connections and failures since the start, and who served since the last call. */
    synchronized String summary() {
        String line = connections + " connections, " + errors + " failed; last: "
                + served.toString().replaceAll("[{}]", "").replace('=', ' ') + "; slowest " + slowest.toMillis()
                + " ms";
        served.clear();
        slowest = Duration.ZERO;
        return line;
    }

    synchronized long errors() {
        return errors;
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join(Duration.ofSeconds(1).toMillis());
        }
    }

    private void begin(String service, InetSocketAddress address, Request request) {
        Thread thread = new Thread(() -> run(service, address, request), "demo-traffic-" + service);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
    }

    private void run(String service, InetSocketAddress address, Request request) {
        try {
            while (!closed) {
                Deadline clock = Deadline.in(Duration.ZERO);
                try {
                    count(request.servedBy(address), clock.elapsed());
                } catch (IOException e) {
                    failed(service + " client: " + e.getMessage());
                }
                Thread.sleep(PAUSE.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the demo is over
        }
    }

    private synchronized void count(String server, Duration took) {
        connections++;
        served.merge(server, 1, Integer::sum);
        slowest = took.compareTo(slowest) > 0 ? took : slowest;
    }

    private void failed(String what) {
        if (closed) {
            return;
        }
        synchronized (this) {
            connections++;
            errors++;
        }
        failures.accept(what);
    }
}
