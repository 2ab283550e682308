package io.ambassador.launcher.logging;

import java.io.ByteArrayOutputStream;
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

    /** What a pipe takes whole, so that lines are not mixed with those of others who write to it. */
    private static final int AT_ONCE = 4_096;

    /** How long lines are collected after others were written: waking this thread for each would cost as much again. */
    private static final long COLLECT_MILLIS = 5;

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
                int lines = printSome(waiting.take());
                synchronized (this) {
                    written += lines;
                    notifyAll();
                }
                if (waiting.isEmpty()) {
                    TimeUnit.MILLISECONDS.sleep(COLLECT_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does; a daemon thread just ends with the process
        }
    }

    /** @return how many lines there were for one write, the first included */
    private int printSome(byte[] first) {
        ByteArrayOutputStream batch = new ByteArrayOutputStream(AT_ONCE);
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
            batch.writeBytes(loss.apply(lost).getBytes(StandardCharsets.UTF_8));
        }
        batch.writeBytes(first);
        int lines = 1;
        for (byte[] next = waiting.peek(); next != null && batch.size() + next.length <= AT_ONCE; lines++) {
            batch.writeBytes(next);
            waiting.remove();
            next = waiting.peek();
        }
        try {
            batch.writeTo(out);
        } catch (IOException e) {
            dropped.addAndGet(lines); // the reader is gone, and there is nobody else to tell
        }
        return lines;
    }
}
