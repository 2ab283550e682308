package io.ambassador.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.testkit.FaultRelay;
import io.ambassador.testkit.FaultRelay.Direction;
import io.ambassador.testkit.HttpServer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.Promise;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ProbesTest {
    private static final EventLoopGroup LOOP = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

    private final HttpServer server = HttpServer.start();

    @AfterEach
    void close() {
        server.close();
    }

    @AfterAll
    static void stop() {
        LOOP.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void beingConnectedIsEnoughForTcp() throws Exception {
        Promise<ProbeResult> result = LOOP.next().newPromise();

        assertNull(probe("tcp", Map.of()).handler(result, server.endpoint(), null));
    }

    @Test
    void asksForTheRootOfTheEndpointByDefault() throws Exception {
        ProbeResult result = ask(Map.of(), server.endpoint());

        assertTrue(result.healthy());
        assertEquals("HTTP 200", result.detail());
        String request = server.requests().get(0);
        assertTrue(request.startsWith("GET / HTTP/1.1\r\nHost: 127.0.0.1:" + server.port() + "\r\n"), request);
        assertTrue(request.contains("\r\nConnection: close\r\n"), request);
    }

    @Test
    void asksWhatIsConfigured() throws Exception {
        server.respondRaw("HTTP/1.1 204 No Content\r\n\r\n");

        assertTrue(
                ask(Map.of("path", "/healthz?full=1", "host", "shop.example.com", "method", "head"), server.endpoint())
                        .healthy());

        String request = server.requests().get(0);
        assertTrue(request.startsWith("HEAD /healthz?full=1 HTTP/1.1\r\nHost: shop.example.com\r\n"), request);
    }

    @Test
    void judgesByStatus() throws Exception {
        assertHealth(true, 399, Map.of());
        assertHealth(false, 404, Map.of());
        assertHealth(false, 503, Map.of());
        Map<String, ?> expected = Map.of("expect-status", List.of("200-299", 404));
        assertHealth(true, 404, expected);
        assertHealth(false, 302, expected);
        assertHealth(true, 401, Map.of("expect-status", "401"));
    }

    @Test
    void waitsForTheFinalResponse() throws Exception {
        server.respondRaw(
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");

        assertEquals(ProbeResult.unhealthy("HTTP 503"), ask(Map.of(), server.endpoint()));
    }

    @Test
    void readsAnAnswerThatComesByteByByte() throws Exception {
        try (FaultRelay relay = FaultRelay.to(server.port()).slice(Direction.TO_CLIENT, 1)) {
            assertTrue(ask(Map.of(), relay.endpoint()).healthy());
        }
    }

    @Test
    void anythingButHttpIsUnhealthy() throws Exception {
        server.respondRaw("-ERR unknown command 'GET'\r\n");
        assertEquals(ProbeResult.unhealthy("not an HTTP/1.1 answer"), ask(Map.of(), server.endpoint()));
        server.respondRaw("HTTP/1.1 999 Huh\r\n\r\n");
        assertFalse(ask(Map.of(), server.endpoint()).healthy());
    }

    @Test
    void readsNoMoreThanItsBound() throws Exception {
        server.respondRaw("HTTP/1.1 200 OK\r\nX: " + "x".repeat(20_000) + "\r\n\r\n");
        assertEquals(ProbeResult.unhealthy("HTTP head of more than 16 KiB"), ask(Map.of(), server.endpoint()));
        server.respondRaw("HTTP/1.1 200 OK\r\n" + "X: x\r\n".repeat(5_000) + "\r\n");
        assertEquals(ProbeResult.unhealthy("HTTP head of more than 16 KiB"), ask(Map.of(), server.endpoint()));
    }

    @Test
    void aCloseBeforeTheAnswerFails() throws Exception {
        server.respondRaw("HTTP/1.1 200 OK\r\n");

        assertInstanceOf(
                LoginException.class, start(Map.of(), server.endpoint()).await().cause());
    }

    @Test
    void refusesSettingsThatWouldBreakTheRequest() throws Exception {
        for (Map<String, ?> wrong : List.of(
                Map.of("path", "healthz"),
                Map.of("path", "/a b"),
                Map.of("path", "/\r\nX: y"),
                Map.of("host", "a\nb"),
                Map.of("method", "POST"),
                Map.of("expect-status", "2xx"),
                Map.of("expect-status", "399-200"),
                Map.of("expect-status", "600"))) {
            Settings settings = Settings.of("health.http", wrong);
            new HttpProbeProvider().parse(settings);
            assertEquals(1, settings.problems().size(), wrong + " gave " + settings.problems());
        }
    }

    private void assertHealth(boolean healthy, int status, Map<String, ?> settings) throws Exception {
        server.respond(status, "body");
        assertEquals(healthy, ask(settings, server.endpoint()).healthy(), status + " with " + settings);
    }

    private ProbeResult ask(Map<String, ?> settings, Endpoint endpoint) throws Exception {
        return start(settings, endpoint).sync().getNow();
    }

    private Promise<ProbeResult> start(Map<String, ?> settings, Endpoint endpoint) throws Exception {
        Promise<ProbeResult> result = LOOP.next().newPromise();
        Handshake<ProbeResult> handler = probe("http", settings).handler(result, endpoint, null);
        new Bootstrap()
                .group(LOOP)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(handler);
                        result.addListener(done -> channel.close());
                    }
                })
                .connect(endpoint.host(), endpoint.port());
        return result;
    }

    @SuppressWarnings("unchecked") // the record came from this provider
    private static Probe probe(String type, Map<String, ?> values) throws ConfigurationException {
        Providers<ProbeProvider<?>> providers = Providers.load(ProbeProvider.class, "health probe");
        ProbeProvider<Record> provider = (ProbeProvider<Record>) providers.get(type);
        Settings settings = Settings.of("health." + type, values);
        Record config = provider.parse(settings);
        settings.throwIfWrong();
        return provider.create(config);
    }
}
