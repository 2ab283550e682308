package io.ambassador;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.AllowSpec;
import io.ambassador.service.Cidr;
import io.ambassador.service.ClientTlsSpec;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.ProxyProtocolSpec;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.RefusingServer;
import io.ambassador.testkit.ScriptedServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients and backends that do their worst, over and over, as the log of an embedder sees them. */
class LogFloodTest {
    private static final int ATTEMPTS = 40;
    private static final String HOSTILE = "\n[main] INFO ambassador.service.x all is well\u001b[2J\u202e\r\n";

    @TempDir
    Path directory;

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private PrintStream usual;

    @BeforeEach
    void listen() {
        usual = System.err;
        System.setErr(new PrintStream(written, true, UTF_8));
    }

    @AfterEach
    void giveBack() {
        System.setErr(usual);
        System.err.print(written.toString(UTF_8));
    }

    @Test
    void eachCauseIsALineASecondAndNobodyForgesOne() throws Exception {
        Certificates certificates = Certificates.in(directory);
        Certificates.Issued ours = certificates.server("127.0.0.1");
        List<Cidr> elsewhere = List.of(Cidr.parse("10.0.0.0/8"));
        List<Cidr> here = List.of(Cidr.parse("127.0.0.0/8"));
        try (RefusingServer refusing = RefusingServer.start();
                ScriptedServer babbling = ScriptedServer.start(connection -> {
                    connection.out().write(HOSTILE.getBytes(UTF_8));
                    connection.awaitClose();
                });
                Ambassador ambassador = Ambassador.builder()
                        .service("refused", s -> s.listen("127.0.0.1", 0).discover(known(refusing.endpoint())))
                        .service(
                                "none",
                                s -> s.listen("127.0.0.1", 0).discover(known()).startupDeadline(Duration.ZERO))
                        .service(
                                "foreign",
                                s -> s.listen("127.0.0.1", 0)
                                        .discover(known(refusing.endpoint()))
                                        .allow(new AllowSpec(elsewhere, Set.of(), List.of())))
                        .service(
                                "proxied",
                                s -> s.listen("127.0.0.1", 0)
                                        .discover(known(refusing.endpoint()))
                                        .proxyProtocol(new ProxyProtocolSpec(here, ProxyProtocolSpec.Send.OFF)))
                        .service(
                                "unproxied",
                                s -> s.listen("127.0.0.1", 0)
                                        .discover(known(refusing.endpoint()))
                                        .proxyProtocol(new ProxyProtocolSpec(elsewhere, ProxyProtocolSpec.Send.OFF)))
                        .service(
                                "encrypted",
                                s -> s.listen("127.0.0.1", 0)
                                        .discover(known(refusing.endpoint()))
                                        .clientTls(new ClientTlsSpec(
                                                ours.certificate(), ours.key(), null, ClientTlsSpec.Mode.REQUIRE)))
                        .service(
                                "babbling",
                                s -> s.listen("127.0.0.1", 0)
                                        .discover(known(Endpoint.of("127.0.0.1", babbling.port())))
                                        .tls(new TlsSpec("backend.example", certificates.ca(), null, null)))
                        .start()) {
            await().until(ambassador::isReady);
            List<String> services = ambassador.services().stream()
                    .map(service -> service.name())
                    .toList();
            long began = System.nanoTime();
            for (int i = 0; i < ATTEMPTS; i++) {
                for (String service : services) {
                    attack(ambassador.address(service));
                }
            }
            long seconds = 1 + (System.nanoTime() - began) / 1_000_000_000;
            await().untilAsserted(() -> assertEquals(
                    0,
                    ambassador.services().stream()
                            .mapToLong(service -> service.activeConnections())
                            .sum()));

            String log = written.toString(UTF_8);
            for (String service : services) {
                long lines = log.lines()
                        .filter(line -> line.contains(" WARN ambassador.service." + service + " - ")
                                || line.contains(" ERROR ambassador.service." + service + " - "))
                        .count();
                assertTrue(lines >= 1, service + " is not heard of in\n" + log);
                assertTrue(lines <= 3 * (seconds + 1), service + ": " + lines + " lines in " + seconds + " s\n" + log);
            }
            assertFalse(log.contains("all is well"), log);
            assertFalse(log.contains("474554202f"), "what the client said, in hexadecimal digits:\n" + log);
            assertFalse(log.contains("\tat "), "a stack trace in\n" + log);
            assertTrue(log.lines().noneMatch(line -> line.contains(" io.netty")), log);
            assertTrue(log.chars().noneMatch(c -> c < ' ' && c != '\n' || c == '\u202e'), log);
        }
    }

    @Test
    void aSourceThatCannotMakeUpItsMindIsAFewLines() throws Exception {
        CompletableFuture<EndpointSource.Listener> watched = new CompletableFuture<>();
        try (Ambassador ambassador = Ambassador.builder()
                .service(
                        "many",
                        s -> s.listen("127.0.0.1", 0)
                                .discover(listener -> {
                                    watched.complete(listener);
                                    return () -> {};
                                })
                                .health(HealthSpec.DEFAULT.withProbe(null)))
                .start()) {
            EndpointSource.Listener listener = watched.get(30, TimeUnit.SECONDS);
            long began = System.nanoTime();
            for (int i = 0; i < 50; i++) {
                listener.onState(new EndpointState.Known(endpoints(i % 2, 500)));
                listener.onState(new EndpointState.Known(endpoints(i % 2, 3)));
                listener.onState(new EndpointState.Unreachable(new DiscoveryException("failure " + i)));
                listener.onState(new EndpointState.Known(
                        Set.of(Endpoint.of("10.0.0.1", 1), Endpoint.of("not-an-address-" + i, 80))));
            }
            await().untilAsserted(() ->
                    assertEquals(1, ambassador.services().get(0).endpoints().size()));
            long seconds = 1 + (System.nanoTime() - began) / 1_000_000_000;

            List<String> lines = written.toString(UTF_8)
                    .lines()
                    .filter(line -> line.contains("ambassador.service.many"))
                    .toList();
            assertTrue(lines.size() <= 110 + 7 * seconds, () -> lines.size() + " lines\n" + String.join("\n", lines));
            assertTrue(
                    lines.stream().anyMatch(line -> line.endsWith(" - 500 endpoints added, 0 removed")),
                    lines::toString);
        }
    }

    private static Set<Endpoint> endpoints(int network, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> Endpoint.of("10." + network + "." + i / 200 + "." + (1 + i % 200), 80))
                .collect(Collectors.toSet());
    }

    private static void attack(InetSocketAddress address) {
        try (Socket client = new Socket()) {
            client.setSoTimeout(30_000);
            client.connect(address);
            client.getOutputStream().write(("GET / HTTP/1.1" + HOSTILE).getBytes(UTF_8));
            client.getInputStream().readAllBytes();
        } catch (IOException e) {
            assertFalse(e.toString().contains("timed out"), "left hanging: " + address);
        }
    }

    private static EndpointSource known(Endpoint... endpoints) {
        return listener -> {
            listener.onState(new EndpointState.Known(Set.of(endpoints)));
            return () -> {};
        };
    }
}
