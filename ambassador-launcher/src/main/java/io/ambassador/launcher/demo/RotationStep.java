package io.ambassador.launcher.demo;

import static io.ambassador.launcher.demo.Step.require;
import static io.ambassador.launcher.demo.Step.seconds;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;

/** The password changes on the server and in the file: no connection fails, and the old one is worth nothing. */
record RotationStep(Stage stage) implements Step {
    static final Duration READ_WITHIN = Duration.ofSeconds(4);
    private static final int AFTER = 10;

    @Override
    public String name() {
        return "rotate";
    }

    @Override
    public String run() throws Broken, IOException, InterruptedException {
        Password old = stage.password();
        Password next = Password.random();
        require(logsIn(old), "the password in force is refused before the rotation");
        long version = stage.passwordVersion();
        stage.introduce(next);
        Deadline clock = Deadline.in(READ_WITHIN);
        int connections = 0;
        while (stage.passwordVersion() == version) {
            require(
                    !clock.isOver(),
                    "the new password in the file was not read within " + READ_WITHIN.toSeconds() + " s");
            Client.redisAt(stage.redis());
            connections++;
            Thread.sleep(20);
        }
        Duration read = clock.elapsed();
        stage.retireAllBut(next);
        for (int i = 0; i < AFTER; i++) {
            Client.redisAt(stage.redis());
        }
        require(!logsIn(old), "the server still takes the old password");
        require(logsIn(next), "the server refuses the new password");
        old.close();
        return "new password read from the file after " + seconds(read) + "; " + (connections + AFTER)
                + " connections meanwhile and since, none failed; the server refuses the old one (WRONGPASS)";
    }

    /** On every server itself, past the ambassador. */
    private boolean logsIn(Password password) throws IOException, Broken {
        int taken = 0;
        for (RedisBackend backend : stage.backends().redis()) {
            byte[] bytes = password.reveal();
            try (Client client = new Client(backend.address())) {
                client.call("AUTH".getBytes(US_ASCII), bytes);
                taken++;
            } catch (Resp.ErrorReply e) {
                require(e.code().equals("WRONGPASS"), backend.name() + " answered AUTH with " + e.code());
            } finally {
                Arrays.fill(bytes, (byte) 0);
            }
        }
        int servers = stage.backends().redis().size();
        require(taken == 0 || taken == servers, taken + " of " + servers + " servers take the same password");
        return taken > 0;
    }
}
