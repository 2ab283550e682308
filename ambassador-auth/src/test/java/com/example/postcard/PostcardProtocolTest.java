package com.example.postcard;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.testkit.ProtocolContract;
import io.ambassador.testkit.ScriptedServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** What the contract asks of somebody else's protocol, in which the server speaks first. */
class PostcardProtocolTest extends ProtocolContract {
    @Override
    protected ProtocolProvider<?> provider() {
        return new PostcardProvider();
    }

    @Override
    protected String username() {
        return "ann";
    }

    @Override
    protected void logIn(ScriptedServer.Connection connection, String username, String password) throws IOException {
        connection.out().write("WHO?\n".getBytes(UTF_8));
        byte[] expected = ("IAM " + username + " " + password + "\n").getBytes(UTF_8);
        String answer = new String(line(connection), UTF_8);
        boolean right = answer.equals(new String(expected, UTF_8));
        connection.out().write((right ? "WELCOME\n" : "GO AWAY\n").getBytes(UTF_8));
    }

    private static byte[] line(ScriptedServer.Connection connection) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int b = connection.in().read(); b >= 0; b = connection.in().read()) {
            line.write(b);
            if (b == '\n') {
                break;
            }
        }
        return line.toByteArray();
    }
}
