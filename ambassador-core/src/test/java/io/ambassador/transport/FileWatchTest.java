package io.ambassador.transport;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileWatchTest {
    private static final Duration INTERVAL = Duration.ofMillis(10);

    @TempDir
    private Path directory;

    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private final AtomicInteger changes = new AtomicInteger();
    private Path file;

    @BeforeEach
    void write() throws Exception {
        file = Files.writeString(directory.resolve("a.pem"), "one");
    }

    @AfterEach
    void stop() {
        scheduler.shutdownNow();
    }

    @Test
    void noticesEveryKindOfChangeOnce() throws Exception {
        try (FileWatch watch = watch(file)) {
            awaitLooks();
            assertEquals(0, changes.get(), "nothing has changed yet");

            replace("two!");
            awaitChanges(1);
            FileTime before = Files.getLastModifiedTime(file);
            Files.setLastModifiedTime(file, FileTime.fromMillis(before.toMillis() - 5_000));
            awaitChanges(2);
            before = Files.getLastModifiedTime(file);
            Path other = Files.writeString(directory.resolve("b.pem"), "2ow!");
            Files.setLastModifiedTime(other, before);
            Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
            awaitChanges(3);
            Files.delete(file);
            awaitChanges(4);
            replace("back");
            awaitChanges(5);
            awaitLooks();
            assertEquals(5, changes.get());
        }
    }

    /** A Kubernetes volume is updated by swapping a link above the file. */
    @Test
    void followsALinkSwappedAbove() throws Exception {
        Path old = Files.createDirectory(directory.resolve("..1"));
        Path fresh = Files.createDirectory(directory.resolve("..2"));
        FileTime time = Files.getLastModifiedTime(Files.writeString(old.resolve("tls.crt"), "one"));
        Files.setLastModifiedTime(Files.writeString(fresh.resolve("tls.crt"), "two"), time);
        Path data = Files.createSymbolicLink(directory.resolve("..data"), old.getFileName());
        Path link = Files.createSymbolicLink(directory.resolve("tls.crt"), Path.of("..data", "tls.crt"));

        try (FileWatch watch = watch(link)) {
            Path next = Files.createSymbolicLink(directory.resolve("..next"), fresh.getFileName());
            Files.move(next, data, StandardCopyOption.ATOMIC_MOVE);
            awaitChanges(1);
        }
    }

    @Test
    void oneOfSeveralIsEnough() throws Exception {
        Path second = directory.resolve("second");
        try (FileWatch watch = watch(file, second)) {
            Files.createFile(second);
            awaitChanges(1);
        }
    }

    @Test
    void livesOnAfterACallThatThrew() throws Exception {
        try (FileWatch watch = FileWatch.start(List.of(file), INTERVAL, scheduler, () -> {
            changes.incrementAndGet();
            throw new IllegalStateException("thrown by the test");
        })) {
            replace("two!");
            awaitChanges(1);
            replace("three");
            awaitChanges(2);
        }
    }

    @Test
    void isSilentAfterClose() throws Exception {
        FileWatch watch = watch(file);
        watch.close();
        watch.close();

        Files.writeString(file, "two!");

        awaitLooks();
        assertEquals(0, changes.get());
    }

    /** In one step: a watch may see a file between being cut and being written. */
    private void replace(String content) throws Exception {
        Path fresh = Files.writeString(directory.resolve("fresh"), content);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private FileWatch watch(Path... files) {
        return FileWatch.start(List.of(files), INTERVAL, scheduler, changes::incrementAndGet);
    }

    private void awaitChanges(int count) {
        await().untilAsserted(() -> assertEquals(count, changes.get()));
    }

    /** The scheduler's thread is shared with the watch: three intervals there are at least two looks. */
    private void awaitLooks() throws Exception {
        scheduler
                .schedule(() -> {}, 3 * INTERVAL.toMillis(), TimeUnit.MILLISECONDS)
                .get();
    }
}
