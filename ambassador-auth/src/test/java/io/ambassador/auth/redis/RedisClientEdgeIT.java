package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.ServiceBuilder;
import io.ambassador.service.ClientCredentials;
import io.ambassador.service.ClientTlsSpec;
import io.ambassador.service.Credentials;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The clients' side in front of a real Redis, with redis-cli: what credentials they show, and TLS. */
class RedisClientEdgeIT {
    private interface Definition {
        void define(ServiceBuilder service) throws ConfigurationException;
    }

    private static final String SHOWN = "client-shown";

    @TempDir
    static Path directory;

    private static RedisServer redis;

    @BeforeAll
    static void start() {
        redis = RedisServer.withPassword("s3cret");
    }

    /** Redis notes each password it refuses: none of the clients' has reached it. */
    @AfterAll
    static void stop() {
        try {
            assertEquals(List.of(), redis.command("ACL", "LOG"));
        } finally {
            redis.close();
        }
    }

    private static Path secret(String name, String password) throws IOException {
        Path next = directory.resolve(name + ".next");
        Files.writeString(next, password);
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-------"));
        return Files.move(next, directory.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }

    private static Ambassador serve(Definition more) throws Exception {
        Path file = secret("password", "s3cret");
        Ambassador ambassador = Ambassador.builder()
                .eventLoops(1)
                .service("redis", s -> {
                    s.listen("127.0.0.1", 0).protocol("redis").discover(listener -> {
                        listener.onState(new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", redis.port()))));
                        return () -> {};
                    });
                    s.credentials(Credentials.file(null, file));
                    more.define(s);
                })
                .start();
        await().until(ambassador::isReady);
        return ambassador;
    }

    private static ClientCredentials verify(Path file) throws ConfigurationException {
        return ClientCredentials.verify("alice", Credentials.file("alice", file).password());
    }

    /** What redis-cli prints for a PING. */
    private static String ping(Ambassador ambassador, String... options) throws Exception {
        List<String> line = new ArrayList<>(List.of(
                "redis-cli",
                "-h",
                "127.0.0.1",
                "-p",
                Integer.toString(ambassador.address("redis").getPort())));
        line.addAll(List.of(options));
        line.add("PING");
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        assertTrue(process.waitFor(20, TimeUnit.SECONDS));
        return said;
    }

    private static String[] as(String user, String password) {
        return new String[] {"--no-auth-warning", "--user", user, "--pass", password};
    }

    private static boolean isServed(String said) {
        return said.equals("PONG");
    }

    @Test
    void anyCredentialsAreAccepted() throws Exception {
        try (Ambassador ambassador = serve(s -> {})) {
            assertEquals("PONG", ping(ambassador));
            assertEquals("PONG", ping(ambassador, as("alice", SHOWN)));
        }
    }

    @Test
    void whoeverShowsAnyIsRejected() throws Exception {
        try (Ambassador ambassador = serve(s -> s.clientCredentials(ClientCredentials.REJECT))) {
            assertEquals("PONG", ping(ambassador));
            String said = ping(ambassador, as("alice", SHOWN));
            assertNotEquals("PONG", said);
            assertFalse(said.contains(SHOWN), said);
        }
    }

    @Test
    void verifiedCredentialsFollowTheirFile() throws Exception {
        Path file = secret("door", SHOWN);
        try (Ambassador ambassador = serve(s -> s.clientCredentials(verify(file)))) {
            await().until(() -> isServed(ping(ambassador, as("alice", SHOWN))));
            assertFalse(isServed(ping(ambassador)));
            assertFalse(isServed(ping(ambassador, as("alice", "wrong"))));
            assertFalse(isServed(ping(ambassador, as("bob", SHOWN))));
            secret("door", "gate");
            await().atMost(Duration.ofSeconds(30)).until(() -> isServed(ping(ambassador, as("alice", "gate"))));
            assertFalse(isServed(ping(ambassador, as("alice", SHOWN))));
        }
    }

    @Test
    void clientsSpeakTlsAndShowTheirCertificates() throws Exception {
        Certificates certificates = Certificates.in(directory);
        Certificates.Issued ours = certificates.server("127.0.0.1");
        Certificates.Issued theirs = certificates.client("billing");
        String ca = certificates.ca().toString();
        try (Ambassador one = serve(s -> s.clientTls(
                        new ClientTlsSpec(ours.certificate(), ours.key(), null, ClientTlsSpec.Mode.REQUIRE)));
                Ambassador mutual = serve(s -> s.clientTls(new ClientTlsSpec(
                        ours.certificate(), ours.key(), certificates.ca(), ClientTlsSpec.Mode.REQUIRE)))) {
            assertEquals("PONG", ping(one, "--tls", "--cacert", ca));
            assertFalse(isServed(ping(one)));
            assertFalse(isServed(ping(mutual, "--tls", "--cacert", ca)));
            assertEquals(
                    "PONG",
                    ping(
                            mutual,
                            "--tls",
                            "--cacert",
                            ca,
                            "--cert",
                            theirs.certificate().toString(),
                            "--key",
                            theirs.key().toString()));
        }
    }
}
