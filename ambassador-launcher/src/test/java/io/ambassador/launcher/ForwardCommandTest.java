package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.ambassador.launcher.admin.AdminSpec;
import io.ambassador.launcher.config.ConfigReader;
import io.ambassador.launcher.config.Configuration;
import io.ambassador.service.Catalog;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.ServiceSpec;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ForwardCommandTest {
    private static Configuration described(@Nullable String port, String... args) throws Exception {
        return describedIn(port == null ? Map.of() : Map.of("PORT", port), args);
    }

    private static Configuration describedIn(Map<String, String> environment, String... args) throws Exception {
        ForwardCommand command = new ForwardCommand();
        new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(args);
        return ConfigReader.read(command.described(environment).getConfig("ambassador"), Catalog.load());
    }

    private static List<String> listening(Configuration configuration) {
        return configuration.services().stream()
                .map(service -> service.name() + " " + service.listen())
                .toList();
    }

    @Test
    void aLineSaysWhatAFileWould() throws Exception {
        ServiceSpec redis = described(
                        null,
                        "6379=srv://_redis._tcp.example.com",
                        "--protocol=redis",
                        "--username=app",
                        "--password-file=/run/secrets/redis",
                        "--balancing=first",
                        "--role=primary",
                        "--tls-server-name=redis.example.com",
                        "--tls-ca=/ca.pem",
                        "--admin=off")
                .services()
                .get(0);

        assertEquals("port-6379", redis.name());
        assertEquals("[127.0.0.1:6379]", redis.listen().toString());
        assertEquals("srv", redis.discovery().get(0).sources().get(0).type());
        assertEquals("redis", redis.protocol().type());
        assertEquals("app with a password from file", redis.credentials().toString());
        assertEquals("first", redis.balancing().type());
        assertEquals("PRIMARY", redis.role().name());
        assertEquals("redis.example.com", redis.tls().serverName());
    }

    @Test
    void severalTargetsAreSeveralServices() throws Exception {
        assertEquals(
                List.of(
                        "a.sock [unix:/run/a.sock]",
                        "port-5432 [127.0.0.1:5432]",
                        "port-6379 [127.0.0.1:6379]",
                        "port-6379-2 [127.0.0.2:6379]"),
                listening(described(
                        "7000",
                        "10.0.0.5:6379",
                        "5432=10.0.0.6:5433",
                        "127.0.0.2:6379=10.0.0.7:1",
                        "unix:/run/a.sock=10.0.0.8:1")));
    }

    @Test
    void thePortVariableIsForASingleTarget() throws Exception {
        assertEquals(List.of("port-7000 [127.0.0.1:7000]"), listening(described("7000", "10.0.0.5:6379")));
    }

    @Test
    void linksAreOneServiceForEachPort() throws Exception {
        Map<String, String> linked = Map.of(
                "REDIS_1_PORT_6379_TCP", "tcp://172.17.0.2:6379",
                "REDIS_2_PORT_6379_TCP", "tcp://172.17.0.3:6379",
                "DB_PORT_5432_TCP", "tcp://172.17.0.4:5432",
                "PORT", "7000");

        assertEquals(
                List.of("port-5432 [127.0.0.1:5432]", "port-6379 [127.0.0.1:6379]"),
                listening(describedIn(linked, "--links")));
        assertEquals(
                List.of("port-5432 [127.0.0.1:5432]", "port-6379 [127.0.0.1:6379]", "port-8080 [127.0.0.1:8080]"),
                listening(describedIn(linked, "--links", "8080=10.0.0.1:80")));
    }

    @Test
    void adminIsAsTold() throws Exception {
        assertNull(described(null, "10.0.0.5:6379", "--admin=off").admin());
        assertEquals(
                AdminSpec.local(new ListenAddress.Tcp("127.0.0.1", 7777), true),
                described(null, "10.0.0.5:6379", "--admin=127.0.0.1:7777").admin());
        assertEquals(
                AdminSpec.local(new ListenAddress.Tcp("127.0.0.1", 9901), false),
                described(null, "10.0.0.5:6379").admin());
    }
}
