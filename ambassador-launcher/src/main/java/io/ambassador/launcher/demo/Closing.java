package io.ambassador.launcher.demo;

import org.jspecify.annotations.Nullable;

/** Closes what belongs together, all of it, whatever one of them throws. */
final class Closing {
    private Closing() {}

    /** @throws IllegalStateException with the first failure as its cause, after all were closed */
    static void all(Iterable<? extends AutoCloseable> resources) {
        IllegalStateException failed = null;
        for (AutoCloseable each : resources) {
            failed = close(each, failed);
        }
        if (failed != null) {
            throw failed;
        }
    }

    private static @Nullable IllegalStateException close(AutoCloseable each, @Nullable IllegalStateException before) {
        try {
            each.close();
            return before;
        } catch (Exception e) {
            if (before == null) {
                return new IllegalStateException("The demo could not release everything.", e);
            }
            before.addSuppressed(e);
            return before;
        }
    }
}
