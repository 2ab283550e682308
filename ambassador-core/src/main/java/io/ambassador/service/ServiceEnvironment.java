package io.ambassador.service;

import io.ambassador.explain.Journal;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * What every service of one ambassador works with.
 *
 * @param control the control thread
 * @param worker for what may block for a moment
 * @param secretReads gives each read of a secret a thread of its own: it may block for long
 * @param cacheDirectory {@code null} to keep no endpoints on disk
 * @param absentHold how long an answer that there is nothing is held before it is believed
 * @param journal of everything that happens
 */
public record ServiceEnvironment(
        ScheduledExecutorService control,
        ScheduledExecutorService worker,
        Executor secretReads,
        MeterRegistry registry,
        @Nullable Path cacheDirectory,
        Duration absentHold,
        Journal journal) {}
