package io.ambassador.discovery.file;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.discovery.DiscoveryException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a file again and again on a thread of its own: at each change in its directory, which includes the symbolic
 * link swaps of Kubernetes, and once a second for what the directory does not tell.
 */
final class FileFollower implements AutoCloseable {
    static final String THREAD_NAME = "ambassador-file";

    private static final Logger LOG = LoggerFactory.getLogger(FileFollower.class);
    private static final int MAX_BYTES = 4 << 20;
    private static final long POLL_MILLIS = 1_000;
    private static final long SETTLE_MILLIS = 50;
    private static final int SETTLE_READS = 20;

    /** What one read gave: bytes, or why there are none. */
    private record Content(
            byte @Nullable [] bytes, @Nullable String problem) {
        boolean same(@Nullable Content other) {
            return other != null
                    && Arrays.equals(bytes, other.bytes)
                    && String.valueOf(problem).equals(String.valueOf(other.problem));
        }
    }

    private final Path file;
    private final Runnable changed;
    private final Thread thread;
    private @Nullable Content last; // on the thread only
    private volatile CompletableFuture<List<EndpointEntry>> entries = new CompletableFuture<>();
    private volatile boolean closed;

    private FileFollower(Path file, Runnable changed) {
        this.file = file;
        this.changed = changed;
        this.thread = new Thread(this::run, THREAD_NAME);
        thread.setDaemon(true);
    }

    /** @param changed called on the follower's thread after each change */
    static FileFollower start(Path file, Runnable changed) {
        FileFollower follower = new FileFollower(file, changed);
        follower.thread.start();
        return follower;
    }

    /** What the file says now, or a {@link DiscoveryException}; not yet complete before the first read. */
    CompletableFuture<List<EndpointEntry>> entries() {
        return entries;
    }

    /** Returns at once; the thread ends by itself right after. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }

    private void run() {
        try (WatchService watcher = newWatcher()) {
            WatchKey key = null;
            while (!closed) {
                if (watcher != null && (key == null || !key.isValid())) {
                    key = register(watcher);
                }
                check();
                if (key == null || watcher == null) {
                    TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
                } else if (watcher.poll(POLL_MILLIS, TimeUnit.MILLISECONDS) != null) {
                    key.pollEvents();
                    key.reset();
                }
            }
        } catch (InterruptedException | ClosedWatchServiceException e) {
            LOG.trace("{}: closed", file, e);
        } catch (IOException e) {
            LOG.debug("{}: closing its directory's watch failed", file, e);
        }
    }

    private void check() throws InterruptedException {
        Content now = read();
        if (now.same(last)) {
            return;
        }
        for (int i = 0; i < SETTLE_READS; i++) { // somebody may be in the middle of writing
            TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
            Content again = read();
            boolean settled = again.same(now);
            now = again;
            if (settled) {
                break;
            }
        }
        if (now.same(last)) {
            return;
        }
        last = now;
        CompletableFuture<List<EndpointEntry>> before = entries;
        CompletableFuture<List<EndpointEntry>> next = parsed(now);
        entries = next;
        if (!before.isDone()) { // the first read: somebody may be waiting for it
            next.whenComplete((list, failure) -> {
                if (failure == null) {
                    before.complete(list);
                } else {
                    before.completeExceptionally(failure);
                }
            });
        }
        changed.run();
    }

    private CompletableFuture<List<EndpointEntry>> parsed(Content content) {
        byte[] bytes = content.bytes();
        if (bytes == null) {
            return CompletableFuture.failedFuture(new DiscoveryException(file + ": " + content.problem()));
        }
        try {
            return CompletableFuture.completedFuture(EndpointsFormat.parse(bytes));
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(new DiscoveryException(file + ": " + e.getMessage(), e));
        }
    }

    private Content read() {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            return bytes.length > MAX_BYTES
                    ? new Content(null, "is longer than " + MAX_BYTES + " bytes")
                    : new Content(bytes, null);
        } catch (NoSuchFileException e) {
            return new Content(null, "does not exist");
        } catch (IOException e) {
            return new Content(null, "cannot be read: " + e);
        }
    }

    private @Nullable WatchService newWatcher() {
        try {
            return file.getFileSystem().newWatchService();
        } catch (IOException | UnsupportedOperationException e) {
            LOG.info("{}: its directory cannot be watched ({}); it is read once a second instead", file, e.toString());
            return null;
        }
    }

    private @Nullable WatchKey register(WatchService watcher) {
        Path directory = file.getParent();
        try {
            return directory == null
                    ? null
                    : directory.register(
                            watcher,
                            StandardWatchEventKinds.ENTRY_CREATE,
                            StandardWatchEventKinds.ENTRY_MODIFY,
                            StandardWatchEventKinds.ENTRY_DELETE);
        } catch (IOException e) {
            LOG.debug("{} cannot be watched yet", directory, e);
            return null;
        }
    }
}
