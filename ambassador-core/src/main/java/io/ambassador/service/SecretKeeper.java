package io.ambassador.service;

import io.ambassador.explain.EventKind;
import io.ambassador.service.SecretVersion.State;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Keeps a service's secrets in memory, read again at their sources' interval, and decides which version each login
 * uses. Event loops ask without waiting; reading happens on threads of its own, one read at a time. Thread-safe.
 */
public final class SecretKeeper {
    /** How often sources are read while clients are held. */
    private static final Duration EAGER = Duration.ofSeconds(1);

    /** A source that is read less often than this never changes. */
    private static final Duration CONSTANT = Duration.ofDays(30);

    private final @Nullable String username;
    private final SecretReader source;
    private final @Nullable SecretReader nextSource;
    private final SecretVersions versions;
    private final RotationSpec rotation;
    private final LongSupplier nanos;
    private final Logger log;
    private final Runnable settled;
    private final BiConsumer<EventKind, String> news;
    private final List<News> unheard = new ArrayList<>();
    private final Set<Runnable> waiting = new LinkedHashSet<>();
    private final CountDownLatch firstRead = new CountDownLatch(1);
    private @Nullable ScheduledExecutorService timer;
    private @Nullable Executor blocking;
    private final List<Future<?>> refreshes = new ArrayList<>(2);
    private @Nullable Future<?> expiry;
    private boolean eager;
    private long settledVersion;
    private int holders = 1;
    private boolean closed;

    /**
     * @param next the source of the password that is about to come; {@code null} for none
     * @param nanos as {@link System#nanoTime}
     * @param numbers of versions, shared with whatever keeps other secrets of the same service
     * @param settled told when a server has accepted the newest version; any thread
     * @param news told what has changed, and of which version; any thread
     */
    SecretKeeper(
            @Nullable String username,
            SecretSource source,
            @Nullable SecretSource next,
            RotationSpec rotation,
            LongSupplier nanos,
            AtomicLong numbers,
            Runnable settled,
            BiConsumer<EventKind, String> news,
            Logger log) {
        this.username = username;
        this.source = new SecretReader(source, "The secret", log);
        this.nextSource = next == null ? null : new SecretReader(next, "The next secret", log);
        this.versions = new SecretVersions(
                isConstant(source) && (next == null || isConstant(next)) ? withoutWait(rotation) : rotation,
                nanos,
                numbers);
        this.rotation = rotation;
        this.nanos = nanos;
        this.settled = settled;
        this.news = news;
        this.log = log;
    }

    private static boolean isConstant(SecretSource source) {
        return source.refreshInterval().compareTo(CONSTANT) > 0;
    }

    private static RotationSpec withoutWait(RotationSpec rotation) {
        return new RotationSpec(rotation.next(), rotation.keepPrevious(), Duration.ZERO, rotation.drainWithin());
    }

    /**
     * Begins to read, and goes on at the sources' interval.
     *
     * @param blockingReads gives each read a thread of its own
     */
    synchronized void start(ScheduledExecutorService newTimer, Executor blockingReads) {
        timer = newTimer;
        blocking = blockingReads;
        for (SecretReader reader : readers()) {
            long interval = Math.max(100, reader.refreshInterval().toMillis());
            refreshes.add(
                    newTimer.scheduleWithFixedDelay(() -> refresh(reader), interval, interval, TimeUnit.MILLISECONDS));
        }
        readSoon(source); // the next secret after it, so that versions are counted in their order
    }

    private List<SecretReader> readers() {
        return nextSource == null ? List.of(source) : List.of(source, nextSource);
    }

    /**
     * Waits for the first read to end.
     *
     * @return why there is no secret yet; {@code null} if there is one
     */
    @Nullable String awaitFirstRead(Duration patience) {
        try {
            if (!firstRead.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                return source.description() + " takes long to read";
            }
            return isAvailable() ? null : String.valueOf(source.lastError());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted while " + source.description() + " was read";
        }
    }

    /** Reads again only when a server refuses what is known. */
    synchronized void stopReading() {
        refreshes.forEach(refresh -> refresh.cancel(false));
        refreshes.clear();
    }

    /** One more will close it. */
    synchronized void hold() {
        holders++;
    }

    /** The last of those who hold it wipes everything. */
    void close() {
        List<Runnable> woken;
        synchronized (this) {
            holders--;
            if (holders > 0) {
                return;
            }
            closed = true;
            stopReading();
            if (expiry != null) {
                expiry.cancel(false);
            }
            versions.wipe();
            woken = takeWaiting();
        }
        woken.forEach(Runnable::run);
    }

    public @Nullable String username() {
        return username;
    }

    /** A copy of what the store held when it was last read, which the caller closes; {@code null} for nothing. */
    synchronized @Nullable Secret newest() {
        SecretVersion newest = versions.current();
        return newest == null ? null : newest.copy();
    }

    /** Whether any secret is known. */
    public synchronized boolean isAvailable() {
        return !versions.isEmpty();
    }

    /** Whether a server has accepted any of the versions known now. */
    public synchronized boolean wasAccepted() {
        return versions.everAccepted();
    }

    /** The version that new connections use; 0 before the first is read. */
    public synchronized long preferredVersion() {
        SecretVersion preferred = versions.preferred();
        return preferred == null ? 0 : preferred.number();
    }

    /** The version that new connections are to use: the newest, unless a server has refused it. */
    public synchronized long wantedVersion() {
        SecretVersion newest = versions.current();
        return newest != null && newest.is(State.UNPROVEN) ? newest.number() : preferredVersion();
    }

    /** Whether a connection logged in with {@code version} should give way to one with a newer secret. */
    public synchronized boolean isOutdated(long version) {
        return settledVersion != 0 && version != settledVersion;
    }

    /** Whether a server has accepted the newest secret. */
    synchronized boolean isSettled() {
        return settledVersion != 0;
    }

    /** How soon connections with another secret are to end; {@code null} to keep them. */
    @Nullable Duration drainWithin() {
        return rotation.drainWithin();
    }

    /** Until the credentials are tried again, while all are refused; {@code null} otherwise. */
    public synchronized @Nullable Duration untilRetry() {
        return versions.untilRetry();
    }

    /**
     * The version to log in with now.
     *
     * @param tried those that a server has refused to the same client
     */
    public synchronized SecretAnswer lease(Set<Long> tried) {
        SecretVersions.Choice choice = closed ? SecretVersions.Choice.NONE : versions.choose(tried);
        SecretVersion version = choice.version();
        if (version != null) {
            return new SecretLease(this, version, nanos.getAsLong(), choice.trial());
        }
        if (closed) {
            return new SecretAnswer.No(true, "the service is closed");
        }
        long now = nanos.getAsLong();
        if (versions.onTrial() || readers().stream().anyMatch(reader -> reader.isReading(now))) {
            return new SecretAnswer.Wait(false);
        }
        if (versions.isEmpty()) {
            return new SecretAnswer.No(true, "there is no secret to log in with; the log says why");
        }
        if (versions.awaitsRotation()) {
            readEagerly();
            return new SecretAnswer.Wait(true);
        }
        Duration retry = versions.untilRetry();
        return new SecretAnswer.No(
                false,
                "the credentials were refused"
                        + (retry == null ? "" : ", and are not tried again for " + retry.toMillis() + " ms"));
    }

    /** Calls {@code asker} once when another {@link #lease} may say something else; any thread, perhaps at once. */
    public synchronized void wake(Runnable asker) {
        waiting.add(asker);
    }

    public synchronized void forget(Runnable asker) {
        waiting.remove(asker);
    }

    synchronized Secret copyOf(SecretLease lease) {
        return lease.leased().copy();
    }

    void accepted(SecretLease lease) {
        change(() -> {
            lease.trialOver();
            SecretVersion version = lease.leased();
            boolean first = versions.accepted(version, lease.issuedAt());
            if (first) {
                unheard.add(new News(EventKind.CREDENTIALS_ACCEPTED, "version " + version.number()));
            }
            if (first && version.number() > 1) {
                log.info("The server accepts version {} of the secret", version.number());
            }
            return first;
        });
    }

    void refused(SecretLease lease) {
        change(() -> {
            lease.trialOver();
            SecretVersion version = lease.leased();
            if (versions.refused(version, lease.issuedAt())) {
                log.warn("The server refuses version {} of the secret", version.number());
                unheard.add(new News(EventKind.CREDENTIALS_REFUSED, "version " + version.number()));
                readers().forEach(this::readSoon);
            }
            return true;
        });
    }

    void closed(SecretLease lease) {
        change(lease::end);
    }

    private record News(EventKind kind, String version) {}

    private interface Change {
        /** @return whether those who wait should ask again */
        boolean make();
    }

    /** Makes a change under the lock, and tells of it outside. */
    private void change(Change change) {
        List<Runnable> woken = List.of();
        List<News> told = List.of();
        boolean newlySettled = false;
        synchronized (this) {
            if (change.make()) {
                woken = takeWaiting();
            }
            SecretVersion newest = versions.current();
            if (newest != null && newest.is(State.ACCEPTED) && newest.number() != settledVersion) {
                settledVersion = newest.number();
                newlySettled = true;
            }
            if (!unheard.isEmpty()) {
                told = List.copyOf(unheard);
                unheard.clear();
            }
        }
        told.forEach(each -> news.accept(each.kind(), each.version()));
        if (newlySettled) {
            settled.run();
        }
        woken.forEach(Runnable::run);
    }

    private List<Runnable> takeWaiting() {
        List<Runnable> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }

    private synchronized void refresh(SecretReader reader) {
        if (!reader.isReading(nanos.getAsLong())) {
            readSoon(reader);
        }
    }

    private void readSoon(SecretReader reader) {
        if (blocking != null && !closed && reader.begin(nanos.getAsLong())) {
            execute(reader);
        }
    }

    private void execute(SecretReader reader) {
        try {
            Objects.requireNonNull(blocking).execute(() -> read(reader));
        } catch (RejectedExecutionException e) {
            log.debug("Not read: the ambassador is shutting down.");
        }
    }

    private void readEagerly() {
        if (eager || timer == null) {
            return;
        }
        eager = true;
        try {
            timer.schedule(
                    () -> {
                        synchronized (this) {
                            eager = false;
                            readers().forEach(this::readSoon);
                        }
                    },
                    EAGER.toMillis(),
                    TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("Not read: the ambassador is shutting down.");
        }
    }

    private void read(SecretReader reader) {
        Secret read = reader.read();
        change(() -> {
            if (closed) {
                close(read);
            } else if (read != null) {
                take(reader, read);
            }
            if (reader.finish(nanos.getAsLong()) && !closed) {
                execute(reader);
            }
            if (firstRead.getCount() > 0 && nextSource != null) {
                readSoon(nextSource);
            }
            return true;
        });
        firstRead.countDown();
    }

    private void take(SecretReader reader, Secret read) {
        if (reader == nextSource) {
            if (versions.readNext(read)) {
                log.info("The next secret, from {}, has been read", reader.description());
            }
            return;
        }
        boolean first = versions.current() == null;
        boolean changed = versions.readCurrent(read);
        SecretVersion newest = versions.current();
        if (changed && !first && newest != null) {
            log.info("The secret from {} has changed to version {}", reader.description(), newest.number());
            unheard.add(new News(EventKind.CREDENTIALS_CHANGED, "version " + newest.number()));
            expireLater();
        }
    }

    private static void close(@Nullable Secret secret) {
        if (secret != null) {
            secret.close();
        }
    }

    private void expireLater() {
        if (timer == null) {
            return;
        }
        try {
            expiry = timer.schedule(
                    this::expire, rotation.keepPrevious().plusMillis(1).toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("Not scheduled: the ambassador is shutting down.");
        }
    }

    /** Wipes the previous version if its time is over. */
    synchronized void expire() {
        versions.expire();
    }

    synchronized ServiceStatus.CredentialStatus status() {
        SecretVersion newest = versions.current();
        SecretVersion preferred = versions.preferred();
        long now = nanos.getAsLong();
        ServiceStatus.CredentialState state = newest == null
                ? ServiceStatus.CredentialState.UNKNOWN
                : versions.awaitsRotation()
                        ? ServiceStatus.CredentialState.AWAITING_ROTATION
                        : ServiceStatus.CredentialState.valueOf(newest.state().name());
        return new ServiceStatus.CredentialStatus(
                username,
                source.description(),
                nextSource == null ? null : nextSource.description(),
                newest == null ? 0 : newest.number(),
                preferred == null ? 0 : preferred.number(),
                newest == null ? null : Duration.ofNanos(now - newest.readAt()),
                state,
                newest == null || !newest.is(State.REFUSED) ? null : Duration.ofNanos(now - newest.refusedSince()),
                versions.untilRetry(),
                waiting.size(),
                versions.previous() != null,
                source.lastError());
    }
}
