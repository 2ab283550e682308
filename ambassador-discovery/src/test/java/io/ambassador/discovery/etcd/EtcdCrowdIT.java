package io.ambassador.discovery.etcd;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.EndpointState.Known;
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
import java.util.Arrays;
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

    /** What the fullest slot may have of the mean. */
    private static final double MOST = 2;

    /** A machine that stands still for a moment bunches what was spread; one good outage is enough. */
    private static final int TRIES = 4;

    private final List<Etcd> crowd = new ArrayList<>();
    private final List<RecordingListener> seen = new ArrayList<>();

    @Test
    void theyDoNotComeBackTogether() throws Exception {
        try (EtcdServer etcd = EtcdServer.start();
                Door door = new Door(etcd.port())) {
            etcd.put(PATH, "10.0.0.1:1");
            for (int i = 0; i < CROWD; i++) {
                Etcd one = new Etcd();
                crowd.add(one);
                seen.add(one.watch(Map.of("endpoints", "127.0.0.1:" + door.port(), "path", PATH)));
            }
            await().atMost(PATIENCE).until(() -> etcd.watches() == CROWD);
            double worst = MOST + 1;
            for (int i = 0; i < TRIES && worst > MOST; i++) {
                worst = outage(etcd, door);
            }
            assertTrue(worst <= MOST, "the fullest slot has " + worst + " of the mean");
        } finally {
            seen.forEach(RecordingListener::close);
            crowd.forEach(Etcd::close);
        }
    }

    /** What the fullest slot has of the mean, while etcd is away or when it is back. */
    private double outage(EtcdServer etcd, Door door) {
        door.forget();
        etcd.kill();
        await().atMost(PATIENCE).until(() -> door.knocks.size() > 8 * CROWD);
        List<Long> knocks = List.copyOf(door.knocks);
        etcd.restart();
        await().atMost(PATIENCE).until(() -> seen.stream().allMatch(each -> each.last() instanceof Known));
        await().atMost(PATIENCE).until(() -> etcd.watches() == CROWD);
        List<Long> requests = List.copyOf(door.requests);
        assertTrue(requests.size() <= CROWD * 5, requests.size() + " requests");
        return Math.max(
                ofTheMean("etcd is away: knocks", knocks),
                ofTheMean("etcd is back: requests to read and follow", requests));
    }

    private static double ofTheMean(String what, List<Long> times) {
        long from = times.get(0);
        int slots = (int) Math.max(1, (times.get(times.size() - 1) - from) / SLOT);
        int[] counts = new int[slots];
        for (long time : times) {
            counts[(int) Math.min(slots - 1, (time - from) / SLOT)]++;
        }
        double most = Arrays.stream(counts).max().orElseThrow() * (double) slots / times.size();
        report("%s in slots of 250 ms: %s, the fullest has %.1f of the mean", what, Arrays.toString(counts), most);
        return most;
    }

    private static void report(String format, Object... values) {
        LOG.info(String.format(Locale.ROOT, format, values));
    }

    /** Stands before etcd, and notes who comes when. */
    private static final class Door extends LoopbackServer {
        private final int behind;
        private final Queue<Long> knocks = new ConcurrentLinkedQueue<>(); // with nobody at home
        private final Queue<Long> requests = new ConcurrentLinkedQueue<>(); // that cost etcd something, after that

        Door(int behind) {
            super(bind());
            this.behind = behind;
            accept();
        }

        void forget() {
            knocks.clear();
            requests.clear();
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
                start(() -> pass(server, client, false), "back");
                pass(client, server, true);
            }
        }

        private void pass(Socket from, Socket to, boolean forth) {
            try (from;
                    to;
                    InputStream in = from.getInputStream();
                    OutputStream out = to.getOutputStream()) {
                byte[] buffer = new byte[16 << 10];
                int read;
                while ((read = in.read(buffer)) >= 0) {
                    if (forth && buffer[0] == 'P' && !knocks.isEmpty()) { // POST
                        requests.add(System.nanoTime());
                    }
                    out.write(buffer, 0, read);
                }
            } catch (IOException cut) {
                // the other side is cut as well
            }
        }
    }
}
