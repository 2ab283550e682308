package io.ambassador.launcher.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.ambassador.Ambassador;
import io.ambassador.launcher.AmbassadorConfig;
import io.ambassador.metrics.Meters;
import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.RefusingServer;
import io.ambassador.testkit.RespClient;
import io.ambassador.testkit.ScriptedServer;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a scraper gets of an ambassador at work, in both formats. */
class ScrapeTest {
    /** Accepts every password but "wrong"; a primary. */
    private static final ScriptedServer.Script REDIS = connection -> {
        byte[] bytes = new byte[4_096];
        int count;
        while ((count = connection.in().read(bytes)) > 0) {
            String command = new String(bytes, 0, count, StandardCharsets.US_ASCII);
            String login = command.contains("wrong") ? "-WRONGPASS no\r\n" : "+OK\r\n";
            String reply = (command.contains("AUTH") ? login : "")
                    + (command.contains("PING") ? "+PONG\r\n" : "")
                    + (command.contains("ROLE") ? "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n" : "");
            connection.out().write(reply.getBytes(StandardCharsets.US_ASCII));
        }
    };

    @Test
    void bothFormatsAreStrictlyWellFormedAndHaveEveryMeter() throws Exception {
        try (EchoServer echo = EchoServer.start();
                RefusingServer refusing = RefusingServer.start();
                ScriptedServer redis = ScriptedServer.start(REDIS);
                Metrics metrics = new Metrics();
                Ambassador ambassador = AmbassadorConfig.builderFrom(ConfigFactory.parseString("ambassador.services {"
                                + " echo { listen = 0, locality.zone = a, discovery = \"static://127.0.0.1:"
                                + echo.port() + "\" }\n"
                                + " dead { listen = 0, discovery = \"static://127.0.0.1:" + refusing.port() + "\" }\n"
                                + " redis { listen = 0, protocol = redis, credentials.password = right,"
                                + "   limits.prewarm = 4, discovery = \"static://127.0.0.1:" + redis.port() + "\" }\n"
                                + " refused { listen = 0, protocol = redis, credentials.password = wrong,"
                                + "   discovery = \"static://127.0.0.1:" + redis.port() + "\" } }"))
                        .meterRegistry(metrics.registry())
                        .start()) {
            await().until(ambassador::isReady);
            for (int i = 0; i < 3; i++) {
                try (Socket client = new Socket(
                        ambassador.address("echo").getAddress(),
                        ambassador.address("echo").getPort())) {
                    client.setSoTimeout(30_000);
                    client.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
                    client.shutdownOutput();
                    assertEquals(5, client.getInputStream().readAllBytes().length);
                }
                ping(ambassador, "redis");
                assertThrows(Exception.class, () -> ping(ambassador, "dead"));
                assertThrows(Exception.class, () -> ping(ambassador, "refused"));
            }
            ambassador.apply(ambassador.specs());
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                Exposition text = Exposition.text(metrics.scrape(Metrics.TEXT));
                everyMeter(text);
                assertEquals(
                        3,
                        text.value(
                                "ambassador_connections_closed_total",
                                "service",
                                "echo",
                                "endpoint",
                                at(echo.port()),
                                "reason",
                                "completed"));
                assertEquals(15, text.value("ambassador_bytes_total", "service", "echo", "direction", "to-client"));
            });
            Exposition open = Exposition.openMetrics(metrics.scrape(Metrics.OPEN_METRICS));
            everyMeter(open);
            assertEquals("counter", open.types().get("ambassador_connections_closed"));
            assertEquals("histogram", open.types().get("ambassador_pick_seconds"));
            assertEquals(3, open.value("ambassador_pick_seconds_count", "service", "echo"));
            assertTrue(open.types().containsKey("jvm_memory_used_bytes"), open.types()::toString);
            assertTrue(open.types().containsKey("netty_allocator_memory_used"), open.types()::toString);
        }
    }

    private static String at(int port) {
        return "127.0.0.1:" + port;
    }

    private static void ping(Ambassador ambassador, String service) throws IOException {
        try (RespClient client = RespClient.connect(ambassador.address(service))) {
            assertEquals("PONG", client.command("PING"));
        }
    }

    private static void everyMeter(Exposition scrape) {
        for (Meters meter : Meters.values()) {
            String family = meter.meterName().replace('.', '_');
            List<String> names = List.of(family, family + "_total", family + "_seconds_count");
            List<Exposition.Series> found =
                    names.stream().flatMap(name -> scrape.named(name).stream()).toList();
            assertTrue(!found.isEmpty(), meter.meterName());
            for (Exposition.Series series : found) {
                assertEquals(
                        new TreeSet<>(meter.tags()), Set.copyOf(series.labels().keySet()), series::toString);
            }
        }
    }
}
