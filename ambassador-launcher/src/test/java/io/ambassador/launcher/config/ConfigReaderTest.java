package io.ambassador.launcher.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.launcher.admin.AdminSpec;
import io.ambassador.service.AllowSpec;
import io.ambassador.service.Cidr;
import io.ambassador.service.ClientCredentials;
import io.ambassador.service.ClientTlsSpec;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.ProxyProtocolSpec;
import io.ambassador.service.RelayMode;
import io.ambassador.service.Role;
import io.ambassador.service.RotationSpec;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.TlsSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigReaderTest {
    @TempDir
    private Path folder;

    private Hocon hocon;

    @BeforeEach
    void begin() {
        hocon = new Hocon(folder);
    }

    @Test
    void aServiceNeedsNoMoreThanAnAddressAndASource() throws Exception {
        ServiceSpec redis = hocon.service().only();

        assertEquals("redis", redis.name());
        assertEquals(List.of(new ListenAddress.Tcp("127.0.0.1", 6379)), redis.listen());
        assertEquals("tcp", redis.protocol().type());
        assertEquals("static", redis.discovery().get(0).sources().get(0).type());
        assertEquals(Role.ANY, redis.role());
        assertEquals("round-robin", redis.balancing().type());
        assertNull(redis.credentials());
        assertNull(redis.tls());
        assertEquals("tcp", redis.health().probe().type());
        assertEquals(HealthSpec.DEFAULT.withProbe(redis.health().probe()), redis.health());
        assertEquals(OnChangeSpec.DEFAULT, redis.onChange());
        assertEquals(LimitsSpec.DEFAULT, redis.limits());
        assertEquals(AllowSpec.DEFAULT, redis.allow());
        assertEquals(ProxyProtocolSpec.DEFAULT, redis.proxyProtocol());
        assertEquals(RelayMode.AUTO, redis.relay());
    }

    @Test
    void everyKeyReachesItsSpec() throws Exception {
        Configuration configuration = hocon.inside(
                        "discovery.cache-directory = /var/cache/ambassador",
                        "admin.listen = \"[::1]:9999\"",
                        "event-loops = 2",
                        "services.redis {",
                        "  listen = [ 6379, \"[::1]:6379\", \"unix:/run/redis.sock\" ]",
                        "  protocol = redis",
                        "  discovery = [ \"dns://redis.example.com:6379\", { type = static, endpoints = [\"10.0.0.1:1\"] } ]",
                        "  role = prefer-replica",
                        "  balancing { type = least-connections }",
                        "  credentials { username = app, password { file = /run/secrets/redis }, insecure = true }",
                        "  tls { server-name = redis.example.com, ca = /ca.pem, certificate = /c.pem, key = /k.pem }",
                        "  health { probe = tcp, interval = 2s, timeout = 200ms, unhealthy-after = 4, healthy-after = 2,",
                        "    panic-threshold = 10%, slow-start = 30s,",
                        "    outlier { consecutive-failures = 7, eject-for = 1m, max-ejected = 0.3 } }",
                        "  on-change { removed = close, demoted = keep, unhealthy = drain, drain-timeout = 5s }",
                        "  limits { max-connections = 5, connect-attempts = 2, connect-timeout = 300ms,",
                        "    login-timeout = 2s, idle-timeout = 10m, rate = 100/s, retry-budget = 5%, user-timeout = off }",
                        "  allow { sources = [\"127.0.0.0/8\"], uids = [1000, 1001], endpoints = [\"10.0.0.0/8\"] }",
                        "  proxy-protocol { accept-from = [\"10.1.0.0/16\"], send = v2 }",
                        "  relay = copy",
                        "}")
                .read();
        ServiceSpec redis = configuration.services().get(0);

        assertEquals(Path.of("/var/cache/ambassador"), configuration.cacheDirectory());
        assertEquals(AdminSpec.local(new ListenAddress.Tcp("::1", 9999), true), configuration.admin());
        assertEquals(2, configuration.eventLoops());
        assertEquals(3, redis.listen().size());
        assertEquals("redis", redis.protocol().type());
        assertEquals(
                List.of("dns", "static"),
                redis.discovery().stream()
                        .map(group -> group.sources().get(0).type())
                        .toList());
        assertEquals(Role.PREFER_REPLICA, redis.role());
        assertEquals("least-connections", redis.balancing().type());
        assertNotNull(redis.credentials());
        assertEquals("app", redis.credentials().username());
        assertEquals("file", redis.credentials().password().type());
        assertTrue(redis.credentials().insecure());
        assertEquals(
                new TlsSpec("redis.example.com", Path.of("/ca.pem"), Path.of("/c.pem"), Path.of("/k.pem")),
                redis.tls());
        assertEquals(
                new HealthSpec(
                        redis.health().probe(),
                        Duration.ofSeconds(2),
                        Duration.ofMillis(200),
                        4,
                        2,
                        0.1,
                        Duration.ofSeconds(30),
                        new HealthSpec.Outlier(7, Duration.ofMinutes(1), 0.3)),
                redis.health());
        assertEquals("tcp", redis.health().probe().type());
        assertEquals(
                new OnChangeSpec(
                        OnChangeSpec.Action.CLOSE,
                        OnChangeSpec.Action.KEEP,
                        OnChangeSpec.Action.DRAIN,
                        Duration.ofSeconds(5)),
                redis.onChange());
        assertEquals(
                new LimitsSpec(
                        5,
                        2,
                        Duration.ofMillis(300),
                        Duration.ofSeconds(2),
                        Duration.ofMinutes(10),
                        new LimitsSpec.Rate(100, Duration.ofSeconds(1)),
                        0.05,
                        null),
                redis.limits());
        assertEquals(
                new AllowSpec(
                        List.of(Cidr.parse("127.0.0.0/8")), Set.of(1000L, 1001L), List.of(Cidr.parse("10.0.0.0/8"))),
                redis.allow());
        assertEquals(
                new ProxyProtocolSpec(List.of(Cidr.parse("10.1.0.0/16")), ProxyProtocolSpec.Send.V2),
                redis.proxyProtocol());
        assertEquals(RelayMode.COPY, redis.relay());
    }

    @Test
    void whatClientsMeetReachesItsSpec() throws Exception {
        ServiceSpec redis = hocon.service(
                        "protocol = redis, credentials.password.file = /p",
                        "client-tls { certificate = /c.pem, key = /k.pem, client-ca = /a.pem }",
                        "client-credentials { username = alice, password { file = /run/secrets/door } }",
                        "limits { greeting-timeout = 3s, prewarm = 4, prewarm-age = 20s }")
                .only();

        assertEquals(
                new ClientTlsSpec(Path.of("/c.pem"), Path.of("/k.pem"), Path.of("/a.pem"), ClientTlsSpec.Mode.REQUIRE),
                redis.clientTls());
        assertEquals(ClientCredentials.Mode.VERIFY, redis.clientCredentials().mode());
        assertEquals("alice", redis.clientCredentials().username());
        assertEquals("file", redis.clientCredentials().password().type());
        assertEquals(
                LimitsSpec.DEFAULT.withGreetingTimeout(Duration.ofSeconds(3)).withPrewarm(4, Duration.ofSeconds(20)),
                redis.limits());
    }

    @Test
    void aWordIsEnoughForClientsCredentials() throws Exception {
        String credentials = "protocol = redis, credentials.password.file = /p, client-credentials = ";

        assertEquals(
                ClientCredentials.REJECT,
                hocon.service(credentials + "reject").only().clientCredentials());
        assertEquals(
                ClientCredentials.ACCEPT_ANY,
                new Hocon(folder).service(credentials + "accept-any").only().clientCredentials());
        assertEquals(
                ClientCredentials.REJECT,
                new Hocon(folder)
                        .service("protocol = redis, credentials.password.file = /p")
                        .set("services.redis.client-credentials=reject")
                        .only()
                        .clientCredentials());
    }

    @Test
    void theEffectiveConfigurationMasksWhatClientsMustShow() throws Exception {
        String effective = hocon.service(
                        "protocol = redis, credentials.password.file = /p",
                        "client-credentials { username = alice, password = hunter2 }")
                .read()
                .effective()
                .get()
                .toString();

        assertTrue(effective.contains("client-credentials.username = \"alice\""), effective);
        assertTrue(!effective.contains("hunter2"), effective);
    }

    @Test
    void offTurnsPartsOff() throws Exception {
        Configuration configuration = hocon.service(
                        "health { probe = off, outlier = off, slow-start = off }, limits { rate = off }, tls.enabled = off")
                .set("admin.listen=off")
                .read();
        ServiceSpec redis = configuration.services().get(0);

        assertNull(configuration.admin());
        assertNull(redis.health().probe());
        assertNull(redis.health().outlier());
        assertEquals(Duration.ZERO, redis.health().slowStart());
        assertNull(redis.limits().rate());
        assertNull(redis.tls());
    }

    @Test
    void equalTextGivesEqualSpecs() throws Exception {
        String[] lines = {"protocol = redis", "credentials.password.file = /p", "health.interval = 3s"};

        assertEquals(
                hocon.service(lines).only(), new Hocon(folder).service(lines).only());
    }

    @Test
    void servicesInheritWhatDefaultsSayAndTheyDoNot() throws Exception {
        List<ServiceSpec> services = hocon.inside(
                        "defaults { balancing = random, health { interval = 9s, timeout = 2s }, role = replica }",
                        "services.a { listen = 1, discovery = \"static://127.0.0.1:1\" }",
                        "services.b { listen = 2, discovery = \"static://127.0.0.1:1\", balancing { type = first },",
                        "  health.timeout = 3s, role = null }")
                .read()
                .services();

        assertEquals("random", services.get(0).balancing().type());
        assertEquals(Duration.ofSeconds(9), services.get(0).health().interval());
        assertEquals(Role.REPLICA, services.get(0).role());
        assertEquals("first", services.get(1).balancing().type());
        assertEquals(Duration.ofSeconds(9), services.get(1).health().interval());
        assertEquals(Duration.ofSeconds(3), services.get(1).health().timeout());
        assertEquals(Role.ANY, services.get(1).role(), "null takes an inherited value back");
    }

    private RotationSpec rotation(String credentials) throws Exception {
        ServiceSpec redis = hocon.inside(
                        "services.redis { listen = 6379, protocol = redis, discovery = \"static://127.0.0.1:1\"",
                        "  credentials { password { file = /p }, " + credentials + " } }")
                .only();
        assertNotNull(redis.credentials());
        return redis.credentials().rotation();
    }

    @Test
    void aRotationIsReadInEachSpelling() throws Exception {
        assertEquals(RotationSpec.DEFAULT, rotation(""));
        assertEquals(RotationSpec.DEFAULT, rotation("on-rotation = keep"));
        assertEquals(
                Duration.ofSeconds(30),
                rotation("on-rotation = { drain = 30s }").drainWithin());
        assertEquals(
                Duration.ofSeconds(30), rotation("on-rotation = \"drain(30s)\"").drainWithin());
        RotationSpec whole = rotation("next = { file = /n }, keep-previous = off, rotation-wait = 90s");
        assertNotNull(whole.next());
        assertEquals("file", whole.next().type());
        assertEquals(Duration.ZERO, whole.keepPrevious());
        assertEquals(Duration.ofSeconds(90), whole.maxWait());
        assertEquals(Duration.ZERO, rotation("rotation-wait = off").maxWait());
    }

    @Test
    void aServicesOwnSourceOrSecretIsNotMixedWithAnInheritedOne() throws Exception {
        ServiceSpec redis = hocon.inside(
                        "defaults { discovery { type = dns, host = x, port = 1 }, protocol = redis,",
                        "  credentials { username = app, password { file = /p } } }",
                        "services.redis { listen = 6379, discovery { type = static, endpoints = [\"127.0.0.1:1\"] }",
                        "  credentials.password.env = REDIS_PASSWORD }")
                .only();

        assertEquals("static", redis.discovery().get(0).sources().get(0).type());
        assertEquals("env", redis.credentials().password().type());
        assertEquals("app", redis.credentials().username());
    }

    @Test
    void aTypedBlockOfDefaultsIsForItsProtocolAlone() throws Exception {
        List<ServiceSpec> services = hocon.inside(
                        "defaults { health { redis {} } , redis {} }",
                        "services.a { listen = 1, discovery = \"static://127.0.0.1:1\" }",
                        "services.b { listen = 2, discovery = \"static://127.0.0.1:1\", protocol = redis }")
                .read()
                .services();

        assertEquals("tcp", services.get(0).health().probe().type());
        assertEquals("redis", services.get(1).health().probe().type());
    }

    @Test
    void aPasswordInTheConfigurationItselfIsWarnedAbout() throws Exception {
        Configuration configuration = hocon.service("protocol = redis, credentials.password = hunter2")
                .read();

        assertEquals(1, configuration.warnings().size());
        assertTrue(
                configuration.warnings().get(0).contains("services.redis.credentials.password"),
                configuration.warnings()::toString);
        assertTrue(!configuration.warnings().toString().contains("hunter2"));
    }

    @Test
    void aServiceIsTakenBackByNull() throws Exception {
        Configuration configuration = hocon.inside(
                        "services.a { listen = 1, discovery = \"static://127.0.0.1:1\" }",
                        "services.b { listen = 2, discovery = \"static://127.0.0.1:1\" }",
                        "services.b = null")
                .read();

        assertEquals(1, configuration.services().size());
    }

    @Test
    void theAdminTokenComesFromASourceAndIsNeverShown() throws Exception {
        String service = "services.a { listen = 1, discovery = \"static://127.0.0.1:1\" }";
        Configuration configuration = hocon.inside(
                        service, "admin { token.file = /t, token-for = everything, hosts = [a.example, \"::2\"] }")
                .read();
        AdminSpec admin = configuration.admin();

        assertEquals(new ListenAddress.Tcp("127.0.0.1", 9901), admin.listen());
        assertEquals(false, admin.given());
        assertEquals("file", admin.token().type());
        assertEquals(AdminSpec.TokenFor.EVERYTHING, admin.tokenFor());
        assertEquals(Set.of("a.example", "::2"), admin.hosts());
        assertEquals(List.of(), configuration.warnings());
        assertTrue(hocon.effective().get("admin.token.file").startsWith("\"/t\"  # "), hocon.effective()::toString);
        assertTrue(hocon.effective().get("admin.token-for").startsWith("everything")
                || hocon.effective().get("admin.token-for").startsWith("\"everything\""));

        Configuration literal = new Hocon(folder)
                .inside(service)
                .env("AMBASSADOR_ADMIN_TOKEN", "hunter2")
                .env("AMBASSADOR_ADMIN_LISTEN", "unix:/run/a.sock")
                .read();
        assertEquals("literal", literal.admin().token().type());
        assertEquals(
                new ListenAddress.Unix(Path.of("/run/a.sock")), literal.admin().listen());
        assertEquals(AdminSpec.TokenFor.MUTATIONS, literal.admin().tokenFor());
        assertEquals(1, literal.warnings().size(), literal.warnings()::toString);
        String all =
                literal.toString() + literal.warnings() + literal.effective().get();
        assertTrue(!all.contains("hunter2"), all);

        assertEquals(
                "file",
                new Hocon(folder)
                        .inside(service)
                        .env("AMBASSADOR_ADMIN_TOKEN_FILE", "/t")
                        .read()
                        .admin()
                        .token()
                        .type());
    }

    @Test
    void beyondLoopbackEverythingNeedsTheToken() throws Exception {
        String service = "services.a { listen = 1, discovery = \"static://127.0.0.1:1\" }";
        Configuration open = hocon.inside(service, "admin { listen = \"*:9901\", token.file = /t }")
                .read();
        Configuration reading = new Hocon(folder)
                .inside(service, "admin { listen = \"*:9901\", token.file = /t, token-for = mutations }")
                .read();

        assertEquals(AdminSpec.TokenFor.EVERYTHING, open.admin().tokenFor());
        assertEquals(AdminSpec.TokenFor.MUTATIONS, reading.admin().tokenFor());
        assertEquals(1, open.warnings().size(), open.warnings()::toString);
        assertTrue(open.warnings().get(0).contains("in the clear"), open.warnings()::toString);
    }

    @Test
    void aPasswordForWhoeverAnnouncesItselfGoesToAVerifiedNameAlone() throws Exception {
        String service = "services.a { listen = 1, protocol = redis, credentials.password.file = /p,"
                + " discovery = [\"static://127.0.0.1:1\", \"mdns://_redis._tcp\"] %s }";

        assertEquals(
                "redis.example.com",
                hocon.inside(service.formatted(", tls.server-name = redis.example.com"))
                        .read()
                        .services()
                        .get(0)
                        .tls()
                        .serverName());
    }

    @Test
    void anAdminSocketHasUsers() throws Exception {
        AdminSpec admin = hocon.inside(
                        "services.a { listen = 1, discovery = \"static://127.0.0.1:1\" }",
                        "admin { listen = \"unix:/run/a.sock\", uids = [1000, 0] }")
                .read()
                .admin();

        assertEquals(Set.of(0L, 1000L), admin.uids());
    }
}
