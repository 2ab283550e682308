package io.ambassador.launcher.logging;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/**
 * Writes lines on a thread of its own, so that whoever reads our output and stalls does not stall event loops. Lines
 * that find no room are counted, and the count is written once there is room again. Thread-safe.
 */
final class LineWriter {
    private static final int ROOM = 4_096;

    private final ArrayBlockingQueue<byte[]> waiting = new ArrayBlockingQueue<>(ROOM);
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final OutputStream out;
    private final LongFunction<String> loss;
    private long written;

    /** @param loss makes the line that tells how many were lost */
    LineWriter(OutputStream out, LongFunction<String> loss) {
        this.out = out;
        this.loss = loss;
        Thread thread = new Thread(this::run, "ambassador-log");
        thread.setDaemon(true);
        thread.start();
    }

    /** Never waits. */
    void write(String line) {
        accepted.incrementAndGet();
        if (!waiting.offer(line.getBytes(StandardCharsets.UTF_8))) {
            accepted.decrementAndGet();
            dropped.incrementAndGet();
        }
    }

    /** Waits until everything accepted before has been written, for {@code limit} at most. */
    synchronized void flush(Duration limit) throws InterruptedException {
        long target = accepted.get();
        long deadline = System.nanoTime() + limit.toNanos();
        while (written < target) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    private void run() {
        try {
            while (true) {
                print(waiting.take());
                synchronized (this) {
                    written++;
                    notifyAll();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does; a daemon thread just ends with the process
        }
    }

    private void print(byte[] line) {
        try {
            long lost = dropped.getAndSet(0);
            if (lost > 0) {
                out.write(loss.apply(lost).getBytes(StandardCharsets.UTF_8));
            }
            out.write(line);
        } catch (IOException e) {
            dropped.incrementAndGet(); // the reader is gone, and there is nobody else to tell
        }
    }
}
