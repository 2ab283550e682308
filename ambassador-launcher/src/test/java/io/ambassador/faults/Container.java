package io.ambassador.faults;

import io.ambassador.testkit.DockerEngine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Containers labelled {@code app=shop}, each of which answers every connection with its number. */
final class Container {
    static final int PORT = 7000;

    private Container() {}

    static String name(int number) {
        return "shop-" + number;
    }

    /** @param options more of them, for {@code docker run} */
    static void run(DockerEngine engine, int number, String... options) {
        List<String> line = new ArrayList<>(
                List.of("run", "--detach", "--name", name(number), "--label", "app=shop", "--stop-signal", "KILL"));
        line.addAll(Arrays.asList(options));
        line.addAll(List.of("--hostname", Integer.toString(number), DockerEngine.IMAGE));
        line.addAll(List.of("nc", "-ll", "-p", Integer.toString(PORT), "-e", "/bin/hostname"));
        engine.docker(line.toArray(String[]::new));
    }

    /** A client that comes and reads. @return the number of the container that serves it */
    static int call(InetSocketAddress address) throws IOException {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(10_000);
            socket.connect(address, 10_000);
            String line = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
                    .readLine();
            if (line == null) {
                throw new IOException("closed without an answer");
            }
            return Integer.parseInt(line);
        }
    }
}
