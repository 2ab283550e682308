package io.ambassador.faults;

import io.ambassador.testkit.RespClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;

/** A client that asks the Redis it reaches which one it is. */
final class RedisPort {
    private RedisPort() {}

    /** The port that the server itself listens on, by a connection of its own. */
    static int of(InetSocketAddress address) throws IOException {
        try (RespClient client = RespClient.connect(address)) {
            String info = (String) client.command("INFO", "server");
            return info.lines()
                    .filter(line -> line.startsWith("tcp_port:"))
                    .map(line -> Integer.parseInt(line.substring("tcp_port:".length())))
                    .findFirst()
                    .orElseThrow();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
