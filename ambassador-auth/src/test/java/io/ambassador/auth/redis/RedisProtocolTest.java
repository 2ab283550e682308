package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.testkit.ProtocolContract;
import io.ambassador.testkit.RespClient;
import io.ambassador.testkit.ScriptedServer;
import java.io.IOException;
import java.util.List;

class RedisProtocolTest extends ProtocolContract {
    @Override
    protected ProtocolProvider<?> provider() {
        return new RedisProvider();
    }

    @Override
    protected String username() {
        return "app";
    }

    @Override
    protected void logIn(ScriptedServer.Connection connection, String username, String password) throws IOException {
        boolean right = List.of("AUTH", username, password).equals(RespClient.read(connection.in()));
        String reply = right ? "+OK\r\n" : "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
        connection.out().write(reply.getBytes(UTF_8));
    }
}
