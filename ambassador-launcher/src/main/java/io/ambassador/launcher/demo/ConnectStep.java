package io.ambassador.launcher.demo;

import static io.ambassador.launcher.demo.Step.require;

import java.io.IOException;
import java.time.Duration;

/** A client without a password is served by a server that asks for one, found by a name it has never heard of. */
record ConnectStep(Stage stage) implements Step {
    @Override
    public String name() {
        return "connect";
    }

    @Override
    public String run() throws Broken, IOException {
        for (RedisBackend backend : stage.backends().redis()) {
            require(
                    asksForPassword(backend),
                    backend.name() + " serves without a password, so that there is nothing to show");
        }
        try (Client client = new Client(stage.redis())) {
            String pong = client.call("PING");
            require("PONG".equals(pong), "PING was answered with " + pong);
            require("OK".equals(client.call("SET", "greeting", "hello")), "SET was not answered with OK");
            String greeting = client.call("GET", "greeting");
            require("hello".equals(greeting), "GET gave " + greeting + " instead of what was SET");
            Deadline clock = Deadline.in(Duration.ZERO); // the first connection has paid for loading classes
            Client.redisAt(stage.redis());
            return "a client without a password is served by " + client.server() + ", found by srv://" + Zone.SERVICE
                    + ", which itself says NOAUTH; a connection takes "
                    + clock.elapsed().toMillis() + " ms";
        }
    }

    private static boolean asksForPassword(RedisBackend backend) throws IOException {
        try (Client client = new Client(backend.address())) {
            client.call("PING");
            return false;
        } catch (Resp.ErrorReply e) {
            return e.code().equals("NOAUTH");
        }
    }
}
