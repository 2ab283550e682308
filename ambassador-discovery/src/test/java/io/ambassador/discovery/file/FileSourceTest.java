package io.ambassador.discovery.file;

import static io.ambassador.testkit.Timing.assertWithin;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.EndpointSourceContract;
import io.ambassador.testkit.RecordingListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSourceTest extends EndpointSourceContract {
    @TempDir
    Path directory;

    private final FileProvider provider = new FileProvider();
    private ControlThread control;

    @BeforeEach
    void startControlThread() {
        control = new ControlThread();
    }

    @AfterEach
    void stopControlThread() {
        control.close();
    }

    @Override
    protected String type() {
        return "file";
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-file", "FileSystemWatchService", "ambassador-dns");
    }

    @Override
    protected MovingRegistry startRegistry() {
        Path file = directory.resolve("contract.json");
        return new MovingRegistry() {
            private String json = "[]";

            @Override
            public void set(Set<String> endpoints) {
                json = json(endpoints);
                recover();
            }

            @Override
            public void breakDown() {
                replace(file, json.substring(0, json.length() / 2)); // half-written
            }

            @Override
            public void recover() {
                replace(file, json);
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("path", file.toString());
            }

            @Override
            public void close() {}
        };
    }

    private static String json(Set<String> endpoints) {
        return endpoints.stream().map(each -> '"' + each + '"').collect(Collectors.joining(", ", "[", "]"));
    }

    /** Writes beside and renames, as careful writers do. */
    private static void replace(Path file, String content) {
        try {
            Path beside = Files.createTempFile(file.getParent(), "new", ".tmp");
            Files.writeString(beside, content);
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private EndpointSource sourceOf(Path file) throws Exception {
        Settings settings = Settings.of("discovery", provider.settingsOf(DiscoveryUri.parse("file://" + file)));
        FileConfig config = provider.parse(settings);
        settings.throwIfWrong();
        return provider.create(config, control.scheduler());
    }

    @Test
    void fileThatVanishesKeepsWhatWasKnown() throws Exception {
        Path file = directory.resolve("endpoints.json");
        replace(file, json(Set.of("10.0.0.1:1")));
        try (RecordingListener seen = RecordingListener.watch(sourceOf(file))) {
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            Files.delete(file);
            awaitUnreachable(seen, "does not exist");
            replace(file, json(Set.of("10.0.0.2:1")));
            awaitAddresses(seen, Set.of("10.0.0.2:1"));
        }
    }

    @Test
    void directoryMayAppearLater() throws Exception {
        Path file = directory.resolve("later/endpoints.json");
        try (RecordingListener seen = RecordingListener.watch(sourceOf(file))) {
            awaitUnreachable(seen, "does not exist");
            Files.createDirectory(file.getParent());
            replace(file, json(Set.of("10.0.0.1:1")));
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
        }
    }

    @Test
    void followsTheLinkSwapsOfKubernetes() throws Exception {
        Path file = directory.resolve("endpoints.json");
        publish("..2026_01", "[\"10.0.0.1:1\"]");
        Files.createSymbolicLink(file, Path.of("..data/endpoints.json"));
        try (RecordingListener seen = RecordingListener.watch(sourceOf(file))) {
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            publish("..2026_02", "[\"10.0.0.2:1\"]");
            awaitAddresses(seen, Set.of("10.0.0.2:1"));
            publish("..2026_03", "[\"10.0.0.3:1\"]");
            awaitAddresses(seen, Set.of("10.0.0.3:1"));
        }
    }

    /** As kubelet does: a new directory, then one rename of the link to it. */
    private void publish(String version, String content) throws IOException {
        Path data = Files.createDirectory(directory.resolve(version));
        Files.writeString(data.resolve("endpoints.json"), content);
        Path link = Files.createSymbolicLink(directory.resolve("..data_tmp"), Path.of(version));
        Files.move(link, directory.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void changesBehindALinkAreNoticed() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere")).resolve("real.json");
        replace(elsewhere, json(Set.of("10.0.0.1:1")));
        Path file = Files.createSymbolicLink(directory.resolve("endpoints.json"), elsewhere);
        try (RecordingListener seen = RecordingListener.watch(sourceOf(file))) {
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            Files.writeString(elsewhere, json(Set.of("10.0.0.2:1"))); // same length, perhaps the same second
            awaitAddresses(seen, Set.of("10.0.0.2:1"));
        }
    }

    @Test
    void slowWriterIsNeverTakenForAShorterList() throws Exception {
        Path file = directory.resolve("endpoints.txt");
        Set<String> all = new TreeSet<>();
        for (int i = 1; i <= 50; i++) {
            all.add("10.0.0." + i + ":6379");
        }
        replace(file, "10.0.9.9:6379\n");
        try (RecordingListener seen = RecordingListener.watch(sourceOf(file))) {
            awaitAddresses(seen, Set.of("10.0.9.9:6379"));
            Files.writeString(file, "");
            for (String each : all) {
                for (String part : List.of(each.substring(0, 9), each.substring(9) + "\n")) {
                    Files.writeString(file, part, StandardOpenOption.APPEND);
                }
            }
            awaitAddresses(seen, all);

            for (EndpointState state : seen.all()) {
                assertFalse(
                        state instanceof Known known
                                && known.endpoints().size() != 1
                                && known.endpoints().size() != 50,
                        () -> "told " + state);
            }
        }
    }

    @Test
    void changeIsToldWithinASecond() throws Exception {
        Path file = directory.resolve("endpoints.json");
        replace(file, json(Set.of("10.0.0.1:1")));
        try (RecordingListener seen = RecordingListener.watch(sourceOf(file))) {
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            replace(file, json(Set.of("10.0.0.2:1")));
            long changed = System.nanoTime();
            awaitAddresses(seen, Set.of("10.0.0.2:1"));
            assertWithin(Duration.ofSeconds(1), (System.nanoTime() - changed) / 1_000_000);
        }
    }

    @Test
    void shortFormNeedsAnAbsolutePath() {
        assertThrows(
                IllegalArgumentException.class, () -> provider.settingsOf(DiscoveryUri.parse("file://endpoints.json")));
        Settings settings = Settings.of("discovery", Map.of());
        provider.parse(settings);
        assertEquals(1, settings.problems().size());
    }

    private static void awaitUnreachable(RecordingListener seen, String why) {
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertTrue(
                        seen.last() instanceof Unreachable unreachable
                                && String.valueOf(unreachable.cause().getMessage())
                                        .contains(why),
                        () -> "told: " + seen.all()));
    }
}
