package io.ambassador.upstream;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.testkit.ScriptedServer.Connection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** Parts of scripts for backends that speak {@link LineProtocol}. */
final class LineServer {
    private LineServer() {}

    static void say(Connection connection, String text) throws IOException {
        connection.out().write(text.getBytes(UTF_8));
        connection.out().flush();
    }

    /** Without its end; {@code null} at the end of the stream. */
    static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                return null;
            }
            line.write(b);
        }
        return line.toString(UTF_8);
    }

    /** Lets in whoever comes, and echoes what follows. */
    static void letIn(Connection connection) throws IOException {
        say(connection, "WELCOME\n");
        line(connection.in());
        say(connection, "OK\n");
        echo(connection);
    }

    static void echo(Connection connection) throws IOException {
        connection.in().transferTo(connection.out());
        connection.socket().shutdownOutput();
    }

    /** Answers every login with {@code word}. */
    static void answer(Connection connection, String word) throws IOException {
        say(connection, "WELCOME\n");
        line(connection.in());
        say(connection, word + "\n");
        connection.awaitClose();
    }
}
