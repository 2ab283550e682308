package io.ambassador.launcher.demo;

import static io.ambassador.launcher.demo.Step.require;
import static io.ambassador.launcher.demo.Step.seconds;

import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The SRV record is edited: new connections follow it. */
record DiscoveryStep(Stage stage) implements Step {
    private static final Duration ALLOWED = Duration.ofSeconds(Zone.TTL_SECONDS + 1);
    private static final Duration BOTH_WITHIN = Duration.ofSeconds(5);
    private static final int IN_A_ROW = 20;

    @Override
    public String name() {
        return "discovery";
    }

    @Override
    public String run() throws Broken, IOException, InterruptedException {
        RedisBackend kept = stage.backends().redis().get(0);
        DnsServer dns = stage.backends().dns();
        awaitBoth();
        try {
            dns.offer(List.of(kept));
            Duration last = connectionsMove(kept.name());
            return "SRV record edited to " + kept.name() + " alone: the last connection elsewhere was " + seconds(last)
                    + " later (TTL " + Zone.TTL_SECONDS + " s)";
        } finally {
            dns.offer(stage.backends().redis());
        }
    }

    /** While both serve, so many in a row at one of them are no accident. */
    private void awaitBoth() throws Broken, IOException, InterruptedException {
        Deadline deadline = Deadline.in(BOTH_WITHIN);
        Set<String> seen = new HashSet<>();
        while (seen.size() < stage.backends().redis().size()) {
            require(!deadline.isOver(), "only " + seen + " serve before the change");
            seen.add(Client.redisAt(stage.redis()));
            Thread.sleep(10);
        }
    }

    /** How long after now the last connection was served by another than {@code wanted}. */
    private Duration connectionsMove(String wanted) throws Broken, IOException, InterruptedException {
        Deadline clock = Deadline.in(ALLOWED);
        Duration last = Duration.ZERO;
        int inARow = 0;
        while (inARow < IN_A_ROW) {
            Duration dialled = clock.elapsed();
            String server = Client.redisAt(stage.redis());
            if (server.equals(wanted)) {
                inARow++;
            } else {
                inARow = 0;
                last = dialled;
                require(
                        dialled.compareTo(ALLOWED) <= 0,
                        "a connection was served by " + server + " " + seconds(dialled)
                                + " after the SRV record stopped naming it (allowed: " + ALLOWED.toSeconds() + " s)");
            }
            Thread.sleep(10);
        }
        return last;
    }
}
