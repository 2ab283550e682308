package io.ambassador.launcher.logging;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;
import org.slf4j.event.Level;

/** One thing that happened. */
record Event(
        long epochMillis,
        Level level,
        String logger,
        String message,
        List<KeyValuePair> values,
        @Nullable Throwable thrown) {}
