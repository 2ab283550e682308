package io.ambassador.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Clients that come one after another at a steady rate, each with a connection of its own. */
final class NewConnections implements AutoCloseable {
    /** What one client does: connects, is served, leaves. */
    interface Client {
        /** @return the number of the backend that served it */
        int call() throws IOException;
    }

    /**
     * @param began in {@link System#nanoTime}
     * @param backend -1 if it was not served
     * @param error {@code null} if it was
     */
    record Call(long began, long ended, int backend, String error) {
        Duration took() {
            return Duration.ofNanos(ended - began);
        }
    }

    private final ScheduledExecutorService threads;
    private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
    private final Client client;

    private NewConnections(Client client, int threads) {
        this.client = client;
        this.threads = Executors.newScheduledThreadPool(threads);
    }

    /** @param threads as many clients may be there at once */
    static NewConnections start(Client client, int threads, int perSecond) {
        NewConnections connections = new NewConnections(client, threads);
        long micros = TimeUnit.SECONDS.toMicros(threads) / perSecond;
        for (int i = 0; i < threads; i++) {
            connections.threads.scheduleAtFixedRate(
                    connections::call, micros * i / threads, micros, TimeUnit.MICROSECONDS);
        }
        return connections;
    }

    /** {@code number} clients, up to {@code threads} at once; returns when all are done. */
    static Collection<Call> run(Client client, int threads, int number) throws InterruptedException {
        try (NewConnections connections = new NewConnections(client, threads)) {
            for (int i = 0; i < number; i++) {
                connections.threads.execute(connections::call);
            }
            connections.threads.shutdown();
            if (!connections.threads.awaitTermination(120, TimeUnit.SECONDS)) {
                throw new IllegalStateException("Clients are still waiting after 120 s.");
            }
            return connections.all();
        }
    }

    List<Call> all() {
        return List.copyOf(calls);
    }

    /** Those that have ended, and began at or after {@code nanoTime}. */
    List<Call> since(long nanoTime) {
        return calls.stream().filter(call -> call.began() >= nanoTime).toList();
    }

    static List<Call> failed(Collection<Call> calls) {
        return calls.stream().filter(call -> call.error() != null).toList();
    }

    static Duration slowest(Collection<Call> calls) {
        return calls.stream().map(Call::took).max(Duration::compareTo).orElse(Duration.ZERO);
    }

    private void call() {
        long began = System.nanoTime();
        int backend = -1;
        String error = null;
        try {
            backend = client.call();
        } catch (IOException | RuntimeException e) {
            error = e.toString();
        }
        calls.add(new Call(began, System.nanoTime(), backend, error));
    }

    /** Waits for the clients under way. */
    @Override
    public void close() throws InterruptedException {
        threads.shutdown();
        if (!threads.awaitTermination(60, TimeUnit.SECONDS)) {
            threads.shutdownNow();
        }
    }
}
