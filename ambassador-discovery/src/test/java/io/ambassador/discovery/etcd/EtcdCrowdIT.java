package io.ambassador.discovery.etcd;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.EtcdServer;
import io.ambassador.testkit.LoopbackServer;
import io.ambassador.testkit.RecordingListener;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fifty ambassadors, as far as one etcd can tell, which is killed and comes back. */
class EtcdCrowdIT {
    private static final Logger LOG = LoggerFactory.getLogger(EtcdCrowdIT.class);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String PATH = "/services/redis";
    private static final int CROWD = 50;
    private static final long SLOT = Duration.ofMillis(250).toNanos();

    /** Of what one slot may have, compared with the mean. Promised is 2; a slow machine bunches what was spread. */
    private static final double MOST = 3;

    @Test
    void theyDoNotComeBackTogether() throws Exception {
        List<Etcd> crowd = new ArrayList<>();
        List<RecordingListener> seen = new ArrayList<>();
        try (EtcdServer etcd = EtcdServer.start();
                Door door = new Door(etcd.port())) {
            etcd.put(PATH, "10.0.0.1:1");
            for (int i = 0; i < CROWD; i++) {
                Etcd one = new Etcd();
                crowd.add(one);
                seen.add(one.watch(Map.of("endpoints", "127.0.0.1:" + door.port(), "path", PATH)));
            }
            await().atMost(PATIENCE).until(() -> etcd.watches() == CROWD);

            etcd.kill();
            await().atMost(PATIENCE).until(() -> seen.stream().allMatch(each -> each.last() instanceof Unreachable));
            int early = door.knocks.size();
            await().atMost(PATIENCE).until(() -> door.knocks.size() > early + 6 * CROWD);
            List<Long> knocks = List.copyOf(door.knocks).subList(early + CROWD, early + 6 * CROWD);
            etcd.restart();
            await().atMost(PATIENCE).until(() -> seen.stream().allMatch(each -> each.last() instanceof Known));
            await().atMost(PATIENCE).until(() -> etcd.watches() == CROWD);

            double seconds = (knocks.get(knocks.size() - 1) - knocks.get(0)) / 1e9;
            report("while it is away, %.0f knocks a second", knocks.size() / seconds);
            assertTrue(knocks.size() / seconds < CROWD * 6, knocks.size() + " knocks in " + seconds + " s");
            assertSpread("while it is away", knocks);

            List<Long> requests = List.copyOf(door.requests);
            List<Long> first = List.copyOf(door.visits);
            report(
                    "it is back: %d requests by %d connections within %d ms",
                    requests.size(), first.size(), millis(requests));
            assertTrue(requests.size() <= CROWD * 6, requests.size() + " requests");
            assertTrue(millis(first) > 250, "they came back within " + millis(first) + " ms");
            assertSpread("it is back", requests);
            assertEquals(1, seen.get(0).addresses().size());
        } finally {
            seen.forEach(RecordingListener::close);
            crowd.forEach(Etcd::close);
        }
    }

    /** Compares whole slots alone, since the last one may have hardly begun. */
    private static void assertSpread(String when, List<Long> times) {
        long from = times.get(0);
        int slots = (int) Math.max(1, (times.get(times.size() - 1) - from) / SLOT);
        int[] counts = new int[slots];
        for (long time : times) {
            int slot = (int) ((time - from) / SLOT);
            if (slot < slots) {
                counts[slot]++;
            }
        }
        int peak = 0;
        double sum = 0;
        for (int count : counts) {
            peak = Math.max(peak, count);
            sum += count;
        }
        double mean = sum / slots;
        report("%s, of %d slots of 250 ms the fullest has %d, the mean is %.1f", when, slots, peak, mean);
        assertTrue(peak <= MOST * mean + 5, peak + " in one slot, " + mean + " on average");
    }

    private static long millis(List<Long> times) {
        return (times.get(times.size() - 1) - times.get(0)) / 1_000_000;
    }

    private static void report(String format, Object... values) {
        LOG.info(String.format(Locale.ROOT, format, values));
    }

    /** Stands before etcd, and notes who comes when, since etcd was killed last. */
    private static final class Door extends LoopbackServer {
        private final int behind;
        private final Queue<Long> knocks = new ConcurrentLinkedQueue<>(); // with nobody at home
        private final Queue<Long> visits = new ConcurrentLinkedQueue<>(); // connections after that
        private final Queue<Long> requests = new ConcurrentLinkedQueue<>(); // and what came over them

        Door(int behind) {
            super(bind());
            this.behind = behind;
            accept();
        }

        @Override
        protected void serve(Socket client) throws IOException {
            try (Socket server = new Socket()) {
                try {
                    server.connect(new InetSocketAddress("127.0.0.1", behind), 2_000);
                } catch (IOException away) {
                    knocks.add(System.nanoTime());
                    reset(client);
                    return;
                }
                if (!knocks.isEmpty()) {
                    visits.add(System.nanoTime());
                }
                start(() -> pass(server, client, () -> {}), "back");
                pass(client, server, () -> {
                    if (!knocks.isEmpty()) {
                        requests.add(System.nanoTime());
                    }
                });
            }
        }

        private static void pass(Socket from, Socket to, Runnable noted) {
            try (from;
                    to;
                    InputStream in = from.getInputStream();
                    OutputStream out = to.getOutputStream()) {
                byte[] buffer = new byte[16 << 10];
                int read;
                while ((read = in.read(buffer)) >= 0) {
                    noted.run();
                    out.write(buffer, 0, read);
                }
            } catch (IOException cut) {
                // the other side is cut as well
            }
        }
    }
}
