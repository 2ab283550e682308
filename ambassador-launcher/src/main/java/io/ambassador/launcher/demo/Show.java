package io.ambassador.launcher.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Goes on until it is closed: clients at work, and each few seconds something that used to be an outage. On a thread
 * of its own, which looks at the script once a second.
 */
final class Show implements AutoCloseable {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss");
    private static final int SUMMARY_EACH = 5;
    private static final int STOP_EACH = 20;
    private static final int STOPPED_FOR = 6;
    private static final int EDIT_EACH = 60;
    private static final int EDIT_AT = 33; // between two stops
    private static final int EDITED_FOR = 5;
    private static final int ROTATE_EACH = 45;

    private final Stage stage;
    private final PrintStream out;
    private final Traffic traffic;
    private final List<Server> victims;
    private final Thread thread = new Thread(this::run, "demo-show");
    private @Nullable Server stopped;
    private @Nullable Password next;
    private long versionBefore;
    private int stops;

    Show(Stage stage, PrintStream out) {
        this.stage = stage;
        this.out = out;
        this.traffic = new Traffic(stage, failure -> event("✘ " + failure));
        List<RedisBackend> pair = stage.backends().redis();
        this.victims =
                new ArrayList<>(List.of(pair.get(0), stage.backends().http().get(0), pair.get(1)));
    }

    void start() {
        traffic.start();
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join();
        traffic.close();
        event(traffic.summary());
    }

    private void run() {
        try {
            for (int second = 1; ; second++) {
                Thread.sleep(1_000);
                play(second);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the demo is over
        } catch (IOException e) {
            event("✘ the demo itself failed, and changes nothing any more: " + e.getMessage());
        }
    }

    /** What is due in this second of the show, counted from 1. */
    void play(int second) throws IOException, InterruptedException {
        if (second % STOP_EACH == 0) {
            stop(victims.get(stops++ % victims.size()));
        } else if (second % STOP_EACH == STOPPED_FOR) {
            startAgain();
        }
        if (second % EDIT_EACH == EDIT_AT) {
            edit(stage.backends().redis().subList(0, 1));
        } else if (second % EDIT_EACH == EDIT_AT + EDITED_FOR) {
            edit(stage.backends().redis());
        }
        if (second % ROTATE_EACH == 0) {
            beginRotation();
        }
        endRotation();
        if (second % SUMMARY_EACH == 0) {
            event(traffic.summary());
        }
    }

    private void stop(Server victim) throws IOException, InterruptedException {
        event("→ " + victim.name() + " is stopped");
        victim.stop();
        stopped = victim;
    }

    private void startAgain() throws IOException {
        if (stopped != null) {
            stopped.start();
            event("→ " + stopped.name() + " is up again");
            stopped = null;
        }
    }

    private void edit(List<RedisBackend> offered) throws IOException {
        stage.backends().dns().offer(offered);
        event("→ the SRV record now names "
                + String.join(" and ", offered.stream().map(Server::name).toList()));
    }

    private void beginRotation() throws IOException {
        if (next == null) {
            versionBefore = stage.passwordVersion();
            next = Password.random();
            stage.introduce(next);
            event("→ the password is being rotated: the file has the new one, the servers take both");
        }
    }

    /** Once the ambassador has read the new password; until then the servers take the old one too. */
    private void endRotation() {
        Password introduced = next;
        if (introduced != null && stage.passwordVersion() > versionBefore) {
            Password old = stage.password();
            stage.retireAllBut(introduced);
            old.close();
            next = null;
            event("→ the ambassador logs in with the new password; the servers refuse the old one");
        }
    }

    private void event(String text) {
        out.println(TIME.format(LocalTime.now()) + "  " + text);
    }
}
