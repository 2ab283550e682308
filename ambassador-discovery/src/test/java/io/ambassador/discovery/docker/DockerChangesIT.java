package io.ambassador.discovery.docker;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.spi.Settings;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.DockerEngine;
import io.ambassador.testkit.RecordingListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Containers of a real engine that are started, killed, paused, moved and renamed at random, while the engine is killed,
 * frozen and restarted: in the end what was done is known, of those with a label and of the one with a name.
 * {@code -Ddocker.changes=1000} for many, {@code -Ddocker.seed} for the same again.
 */
class DockerChangesIT {
    private static final int CHANGES = Integer.getInteger("docker.changes", 12);
    private static final int DISTURBANCES = Math.max(1, CHANGES / 100);
    private static final long SEED = Long.getLong("docker.seed", System.nanoTime());
    private static final int CONTAINERS = 5;
    private static final String NETWORK = "changes";
    private static final String CHOSEN = "chosen";

    /** What one of them must be by now. */
    private static final class Container {
        private String name;
        private int host;
        private boolean running = true;
        private boolean paused;

        Container(int number) {
            name = "c" + number;
            host = 10 + number;
        }

        boolean serves() {
            return running && !paused;
        }
    }

    private final Random random = new Random(SEED);
    private final List<Container> containers = new ArrayList<>();
    private int lastHost = 10 + CONTAINERS;
    private DockerEngine engine;
    private long slowestMillis;

    @Test
    void whatWasDoneIsKnownInTheEnd() throws Exception {
        try (DockerEngine started = DockerEngine.start("--live-restore");
                ControlThread control = new ControlThread()) {
            engine = started;
            engine.docker("network", "create", "--subnet", subnet() + "0/24", NETWORK);
            for (int i = 0; i < CONTAINERS; i++) {
                Container container = new Container(i);
                containers.add(container);
                engine.docker(
                        "run",
                        "--detach",
                        "--name",
                        container.name,
                        "--label",
                        "app=shop",
                        "--network",
                        NETWORK,
                        "--ip",
                        address(container),
                        DockerEngine.IMAGE,
                        "sleep",
                        "86400");
            }
            try (RecordingListener all = watch(control, Map.of("label", "app=shop"));
                    RecordingListener named = watch(control, Map.of("container", CHOSEN))) {
                for (int i = 1; i <= CHANGES; i++) {
                    change(containers.get(random.nextInt(CONTAINERS)));
                    if (i % (CHANGES / (DISTURBANCES + 1)) == 0) {
                        disturb(random.nextInt(3));
                        awaitOracle(all, named);
                    }
                }
                awaitOracle(all, named);
                System.out.printf(
                        "measured: Docker, %d changes, %d disturbances: right %d ms later at worst; %d and %d states"
                                + " told%n",
                        CHANGES,
                        DISTURBANCES,
                        slowestMillis,
                        all.all().size(),
                        named.all().size());
            }
        }
    }

    private RecordingListener watch(ControlThread control, Map<String, ?> which) {
        DockerProvider provider = new DockerProvider();
        Map<String, Object> settings = new TreeMap<>(which);
        settings.putAll(Map.of("host", engine.host(), "port", 7000, "network", NETWORK));
        return RecordingListener.watch(
                provider.create(provider.parse(Settings.of("discovery", settings)), control.scheduler()));
    }

    private void change(Container container) {
        if (!container.running) {
            engine.docker("start", container.name);
            container.running = true;
        } else if (container.paused) {
            engine.docker("unpause", container.name);
            container.paused = false;
        } else {
            switch (random.nextInt(4)) {
                case 0 -> {
                    engine.docker("kill", container.name);
                    container.running = false;
                }
                case 1 -> {
                    engine.docker("pause", container.name);
                    container.paused = true;
                }
                case 2 -> choose(container);
                default -> move(container);
            }
        }
    }

    /** It gets the name that one of the sources looks for, and loses it if it has it. */
    private void choose(Container container) {
        for (Container holder : containers) {
            if (holder.name.equals(CHOSEN)) {
                rename(holder, "c" + containers.indexOf(holder));
            }
        }
        if (random.nextInt(4) > 0) {
            rename(container, CHOSEN);
        }
    }

    private void rename(Container container, String name) {
        engine.docker("rename", container.name, name);
        container.name = name;
    }

    private void move(Container container) {
        lastHost = lastHost == 250 ? 10 + CONTAINERS : lastHost + 1;
        engine.docker("network", "disconnect", NETWORK, container.name);
        container.host = lastHost;
        engine.docker("network", "connect", "--ip", address(container), NETWORK, container.name);
    }

    private void disturb(int kind) {
        if (kind == 0) {
            engine.pause();
            engine.resume();
        } else {
            engine.stop(kind == 1 ? "KILL" : "TERM");
            engine.restart();
        }
    }

    private void awaitOracle(RecordingListener all, RecordingListener named) {
        Set<String> serving = serving(containers);
        Set<String> chosen = serving(containers.stream()
                .filter(container -> container.name.equals(CHOSEN))
                .toList());
        long since = System.nanoTime();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            assertEquals(serving, all.addresses(), () -> "labelled, seed " + SEED);
            assertEquals(chosen, named.addresses(), () -> "named, seed " + SEED);
        });
        slowestMillis = Math.max(slowestMillis, (System.nanoTime() - since) / 1_000_000);
    }

    private Set<String> serving(List<Container> some) {
        return some.stream()
                .filter(Container::serves)
                .map(container -> address(container) + ":7000")
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private String address(Container container) {
        return subnet() + container.host;
    }

    private String subnet() {
        return engine.networks() + "64.";
    }
}
