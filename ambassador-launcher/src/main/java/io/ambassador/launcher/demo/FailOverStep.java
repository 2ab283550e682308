package io.ambassador.launcher.demo;

import static io.ambassador.launcher.demo.Step.require;
import static io.ambassador.launcher.demo.Step.seconds;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;

/** One of a pair stops: every new connection is served by the other; it comes back: it is used again. */
record FailOverStep(Stage stage) implements Step {
    private static final int CONNECTIONS = 40;
    private static final Duration BACK_WITHIN = Duration.ofSeconds(5);

    @Override
    public String name() {
        return "fail over";
    }

    @Override
    public String run() throws Broken, IOException, InterruptedException {
        RedisBackend victim = stage.backends().redis().get(0);
        String other = stage.backends().redis().get(1).name();
        Duration slowest = Duration.ZERO;
        try {
            victim.stop();
            require(isRefused(victim), victim.name() + " still accepts connections, though it was stopped");
            for (int i = 0; i < CONNECTIONS; i++) {
                Deadline clock = Deadline.in(Duration.ZERO);
                String server = Client.redisAt(stage.redis());
                slowest = clock.elapsed().compareTo(slowest) > 0 ? clock.elapsed() : slowest;
                require(server.equals(other), "a connection was served by " + server + ", which should be down");
            }
        } finally {
            victim.start();
        }
        Deadline back = Deadline.in(BACK_WITHIN);
        while (!Client.redisAt(stage.redis()).equals(victim.name())) {
            require(
                    !back.isOver(),
                    victim.name() + " is up again, but was not used within " + BACK_WITHIN.toSeconds() + " s");
            Thread.sleep(20);
        }
        return victim.name() + " stopped: " + CONNECTIONS + " of " + CONNECTIONS + " new connections served by " + other
                + ", the slowest in " + slowest.toMillis() + " ms; started: used again after "
                + seconds(back.elapsed());
    }

    private static boolean isRefused(Server server) throws IOException {
        try (Client client = new Client(server.address())) {
            return false;
        } catch (ConnectException e) {
            return true;
        }
    }
}
