package io.ambassador.launcher.demo;

import java.time.Duration;

/** Measures from when it was made. */
final class Deadline {
    private final long began = System.nanoTime();
    private final Duration time;

    private Deadline(Duration time) {
        this.time = time;
    }

    static Deadline in(Duration time) {
        return new Deadline(time);
    }

    boolean isOver() {
        return elapsed().compareTo(time) > 0;
    }

    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - began);
    }
}
