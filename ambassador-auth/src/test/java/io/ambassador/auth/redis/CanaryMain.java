package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.RespClient;
import io.ambassador.testkit.ScriptedServer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** Logs in well, again and badly with everything logged, in a process whose whole output can be looked at. */
final class CanaryMain {
    private CanaryMain() {}

    /** @param arguments the port of a Redis, the file of its password, the same password as a variable's name */
    public static void main(String[] arguments) throws Exception {
        Credentials file = Credentials.file("app", Path.of(arguments[1]));
        Credentials variable = Credentials.env("app", arguments[2]);
        Credentials literal = Credentials.of("app", "literal", System.getenv(arguments[2]));
        for (Credentials credentials : new Credentials[] {file, variable, literal}) {
            System.out.println(credentials + " " + credentials.password());
            serve(Integer.parseInt(arguments[0]), credentials);
            try (ScriptedServer echo = ScriptedServer.start(c -> c.in().transferTo(c.out()))) {
                serve(echo.port(), credentials);
            }
            ScriptedServer.Script tells = connection -> {
                Object said = RespClient.read(connection.in());
                connection.out().write(("-ERR unknown command, with args: " + said + "\r\n").getBytes(UTF_8));
                connection.awaitClose();
            };
            try (ScriptedServer telltale = ScriptedServer.start(tells)) {
                serve(telltale.port(), credentials);
            }
        }
    }

    private static void serve(int port, Credentials credentials) throws Exception {
        try (Ambassador ambassador = Ambassador.builder()
                .service(
                        "redis",
                        service -> service.listen("127.0.0.1", 0)
                                .protocol("redis", Map.of("guard", true))
                                .discover(listener -> {
                                    listener.onState(new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", port))));
                                    return () -> {};
                                })
                                .credentials(credentials))
                .start()) {
            while (!ambassador.isReady()) {
                Thread.onSpinWait();
            }
            try (RespClient client = RespClient.connect(ambassador.address("redis"))) {
                client.command("ECHO", "x");
                client.command("AUTH", "whatever");
                client.command("RESET");
                System.out.println("answered " + client.command("PING"));
            } catch (RespClient.ErrorReply refused) {
                System.out.println("refused " + refused.getMessage());
            }
            System.out.println(ambassador.services());
        }
    }
}
