package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.ConnectException;
import java.time.Duration;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class ShowTest {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, UTF_8);

    @Test
    void stopsABackendAndStartsItAgain() throws Exception {
        try (Stage stage = new Stage(Backends.create(), false, () -> {})) {
            Show show = new Show(stage, out);
            RedisBackend first = stage.backends().redis().get(0);

            show.play(20);
            assertThrows(ConnectException.class, () -> new Client(first.address()));

            show.play(26);
            new Client(first.address()).close();
        }
    }

    @Test
    void editsTheZoneAndPutsItBack() throws Exception {
        try (Stage stage = new Stage(Backends.create(), false, () -> {})) {
            Show show = new Show(stage, out);

            show.play(33);
            assertEquals(1, DnsServerTest.targets(stage.backends().dns()).size());

            show.play(38);
            assertEquals(2, DnsServerTest.targets(stage.backends().dns()).size());
        }
    }

    @Test
    void rotatesThePasswordWithoutAMomentAtWhichNoneWorks() throws Exception {
        try (Stage stage = new Stage(Backends.create(), false, () -> {})) {
            Show show = new Show(stage, out);
            Password old = stage.password();

            show.play(45);
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                Client.redisAt(stage.redis());
                show.play(46);
                assertTrue(stage.password() != old, "still the old password");
            });

            Client.redisAt(stage.redis());
        }
    }

    @Test
    void countsWhatClientsSee() throws Exception {
        CopyOnWriteArrayList<String> failures = new CopyOnWriteArrayList<>();
        try (Stage stage = new Stage(Backends.create(), false, () -> {});
                Traffic traffic = new Traffic(stage, failures::add)) {
            traffic.start();
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                String line = traffic.summary();
                return line.contains("redis-a") && line.contains("http-1") && line.contains(" 0 failed");
            });

            for (RedisBackend backend : stage.backends().redis()) {
                backend.stop();
            }

            await().atMost(Duration.ofSeconds(30)).until(() -> !failures.isEmpty());
            assertTrue(failures.get(0).startsWith("redis client: "), failures::toString);
            assertTrue(!traffic.summary().contains(" 0 failed"));
        }
    }
}
