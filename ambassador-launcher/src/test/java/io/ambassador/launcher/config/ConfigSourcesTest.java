package io.ambassador.launcher.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.ambassador.launcher.admin.EffectiveValue;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.ServiceSpec;
import io.ambassador.spi.Redaction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigSourcesTest {
    @TempDir
    private Path folder;

    private Hocon hocon;

    @BeforeEach
    void begin() {
        hocon = new Hocon(folder);
    }

    @Test
    void aCommandsOwnOptionsWinOverVariablesAndSetOverThem() throws Exception {
        Config options = ConfigFactory.parseString("ambassador { event-loops = 2, admin.listen = \"127.0.0.1:0\" }");
        hocon.inside("event-loops = 1", "admin.listen = 1")
                .env("AMBASSADOR_ADMIN_LISTEN", "127.0.0.1:9901")
                .set("event-loops=3");

        Config gathered = hocon.gather(options);

        assertEquals("127.0.0.1:0", gathered.getString("admin.listen"));
        assertEquals("3", gathered.getString("event-loops"));
    }

    @Test
    void laterFilesThenVariablesThenSetWin() throws Exception {
        hocon.service("limits { max-connections = 1, connect-attempts = 1, rate = 1/s }")
                .file("prod.conf", "ambassador.services.redis.limits { connect-attempts = 2, rate = 2/s }")
                .env("AMBASSADOR_SERVICES_REDIS_LIMITS_RATE", "3/s")
                .env("AMBASSADOR_SERVICES_REDIS_LISTEN", "7000")
                .set("services.redis.listen=8000");

        Map<String, String> effective = hocon.effective();

        assertEquals("1  # ambassador.conf: 3", effective.get("services.redis.limits.max-connections"));
        assertEquals("2  # prod.conf: 1", effective.get("services.redis.limits.connect-attempts"));
        assertEquals(
                "\"3/s\"  # environment variable AMBASSADOR_SERVICES_REDIS_LIMITS_RATE",
                effective.get("services.redis.limits.rate"));
        assertEquals("\"8000\"  # --set services.redis.listen", effective.get("services.redis.listen"));
        assertEquals(
                new ListenAddress.Tcp("127.0.0.1", 8000), hocon.only().listen().get(0));
    }

    @Test
    void everythingCanComeFromTheEnvironment() throws Exception {
        ServiceSpec db = hocon.env("AMBASSADOR_SERVICES_ORDERS_DB_LISTEN", "[\"5432\", \"unix:/run/db\"]")
                .env("AMBASSADOR_SERVICES_ORDERS_DB_DISCOVERY", "static://127.0.0.1:5433")
                .env("AMBASSADOR_SERVICES_ORDERS_DB_PROTOCOL", "redis")
                .env("AMBASSADOR_SERVICES_ORDERS_DB_CREDENTIALS_PASSWORD_FILE", "/run/secrets/db")
                .env("AMBASSADOR_DEFAULTS_HEALTH_OUTLIER", "off")
                .env("AMBASSADOR_SERVICES_ORDERS_DB_HEALTH_PROBE", "off")
                .only();

        assertEquals("orders-db", db.name());
        assertEquals(2, db.listen().size());
        assertEquals("file", db.credentials().password().type());
        assertNull(db.health().outlier());
        assertNull(db.health().probe());
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
                    AMBASSADOR_EVENT_LOOPS, event-loops
                    AMBASSADOR_ADMIN_LISTEN, admin.listen
                    AMBASSADOR_DISCOVERY_CACHE_DIRECTORY, discovery.cache-directory
                    AMBASSADOR_SERVICES_REDIS_LISTEN, services.redis.listen
                    AMBASSADOR_SERVICES_REDIS_TLS_KEY, services.redis.tls.key
                    AMBASSADOR_SERVICES_REDIS_LIMITS_CONNECT_TIMEOUT, services.redis.limits.connect-timeout
                    AMBASSADOR_SERVICES_REDIS_DISCOVERY_TYPE, services.redis.discovery.type
                    AMBASSADOR_SERVICES_REDIS_DISCOVERY_MAX_WAIT, services.redis.discovery.max-wait
                    AMBASSADOR_SERVICES_REDIS_CREDENTIALS_PASSWORD_ENV, services.redis.credentials.password.env
                    AMBASSADOR_SERVICES_MY_API_LISTEN, services.My.api.listen
                    AMBASSADOR_SERVICES_MY_API_2_LISTEN, services.my-api-2.listen
                    AMBASSADOR_DEFAULTS_ON_CHANGE_DRAIN_TIMEOUT, defaults.on-change.drain-timeout
                    """)
    void aVariableNamesAKey(String variable, String key) {
        EnvironmentNames names = new EnvironmentNames(List.of("redis", "My.api"));

        assertEquals(key, String.join(".", names.path(variable)));
    }

    @Test
    void aVariableThatNamesNoKeyIsRefused() {
        List<String> problems = hocon.service()
                .env("AMBASSADOR_SERVICES_REDIS_LISTN", "1")
                .env("AMBASSADOR_ADMIN_LISTENS", "1")
                .problems();

        assertEquals(
                List.of(
                        "environment variable AMBASSADOR_ADMIN_LISTENS: names no key of the configuration"
                                + " (did you mean AMBASSADOR_ADMIN_LISTEN?)",
                        "environment variable AMBASSADOR_SERVICES_REDIS_LISTN: names no key of the configuration"
                                + " (did you mean AMBASSADOR_SERVICES_REDIS_LISTEN?)"),
                problems);
    }

    @Test
    void whatOthersSetIsLeftAlone() throws Exception {
        hocon.service()
                .env("AMBASSADOR_HOME", "/opt")
                .env("AMBASSADOR_SERVICE_HOST", "10.0.0.1")
                .env("AMBASSADOR_ADMIN_SERVICE_PORT_HTTP", "9901")
                .env("AMBASSADOR_ADMIN_PORT_9901_TCP_ADDR", "10.0.0.1")
                .env("AMBASSADOR_SERVICES_REDIS_LISTEN", "")
                .env("OTHER", "x");

        assertEquals(
                new ListenAddress.Tcp("127.0.0.1", 6379), hocon.only().listen().get(0));
    }

    @Test
    void aValueFromOutsideIsNamedByWhereItCameFrom() {
        List<String> problems = hocon.service()
                .env("AMBASSADOR_SERVICES_REDIS_ROLE", "boss")
                .set("services.redis.relay=fax")
                .set("nonsense")
                .problems();
        assertEquals(List.of("--set …: expected key=value"), problems);

        problems = new Hocon(folder)
                .service()
                .env("AMBASSADOR_SERVICES_REDIS_ROLE", "boss")
                .set("ambassador.services.redis.relay=fax")
                .set("services.redis.listen={broken")
                .problems();
        assertTrue(problems.get(0).startsWith("--set services.redis.listen: 1: is not HOCON"), problems::toString);

        problems = new Hocon(folder)
                .service()
                .env("AMBASSADOR_SERVICES_REDIS_ROLE", "boss")
                .set("ambassador.services.redis.relay=fax")
                .problems();
        assertEquals(2, problems.size());
        assertTrue(
                problems.get(0)
                        .startsWith(
                                "environment variable AMBASSADOR_SERVICES_REDIS_ROLE: services.redis.role: \"boss\""),
                problems::toString);
        assertTrue(
                problems.get(1).startsWith("--set ambassador.services.redis.relay: services.redis.relay: \"fax\""),
                problems::toString);
    }

    @Test
    void filesAreIncludedRelativeToTheIncludingOne() throws Exception {
        Files.createDirectories(folder.resolve("parts"));
        Files.writeString(
                folder.resolve("parts/redis.conf"),
                "include \"common\"\nambassador.services.redis { listen = 6379, discovery = \"static://127.0.0.1:1\" }");
        Files.writeString(folder.resolve("parts/common.conf"), "ambassador.event-loops = 3");

        Configuration configuration = hocon.file(
                        "ambassador.conf",
                        "include file(\"parts/redis.conf\")\ninclude file(\"absent.conf\")\nambassador {}")
                .read();

        assertEquals(3, configuration.eventLoops());
        assertTrue(
                configuration
                        .effective()
                        .get()
                        .contains(new EffectiveValue("event-loops", "3", folder.resolve("parts/common.conf") + ": 1")),
                configuration.effective().get()::toString);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    include url("file:///etc/passwd")      | only files can be included
                    include classpath("reference.conf")    | only files can be included
                    include required(file("absent.conf"))  | absent.conf does not exist
                    include "ambassador.conf"              | include one another more than 10 deep
                    include file("/etc")                   | cannot be read
                    """)
    void otherIncludesAreRefused(String include, String message) {
        List<String> problems =
                hocon.file("ambassador.conf", include + "\nambassador {}").problems();

        assertEquals(1, problems.size());
        assertTrue(problems.get(0).contains(message), problems::toString);
    }

    @Test
    void secretsAreMaskedInWhatIsInForce() throws Exception {
        hocon.inside(
                "services.a { listen = 1, discovery = \"static://127.0.0.1:1\", protocol = redis,",
                "  credentials { username = app, password = hunter2 } }",
                "services.b { listen = 2, discovery = \"static://127.0.0.1:1\", protocol = redis,",
                "  credentials.password.literal = hunter2 }",
                "services.c { listen = 3, discovery = \"static://127.0.0.1:1\", protocol = redis,",
                "  credentials.password.file = /run/secrets/c }",
                "services.d { listen = 4, discovery = \"static://127.0.0.1:1\", protocol = redis,",
                "  credentials.password.command = [ \"echo\", \"hunter2\" ] }",
                "services.e { listen = 5, discovery = \"static://127.0.0.1:1\", protocol = redis,",
                "  credentials { password.credential = e, next = hunter2 } }",
                "services.f { listen = 6, discovery = \"static://127.0.0.1:1\", protocol = redis,",
                "  credentials { password.file = /f, next.command = [ \"echo\", \"hunter2\" ] } }");

        Map<String, String> effective = hocon.effective();

        assertTrue(!effective.toString().contains("hunter2"), effective::toString);
        assertEquals("\"***\"  # ambassador.conf: 3", effective.get("services.a.credentials.password"));
        assertEquals("\"app\"  # ambassador.conf: 3", effective.get("services.a.credentials.username"));
        assertEquals("\"***\"  # ambassador.conf: 5", effective.get("services.b.credentials.password.literal"));
        assertEquals("\"/run/secrets/c\"  # ambassador.conf: 7", effective.get("services.c.credentials.password.file"));
        assertEquals("\"e\"  # ambassador.conf: 11", effective.get("services.e.credentials.password.credential"));
        assertEquals("\"***\"  # ambassador.conf: 11", effective.get("services.e.credentials.next"));
        assertEquals("false  # default", effective.get("services.c.credentials.insecure"));
        assertEquals("off  # default", effective.get("services.a.limits.idle-timeout"));
        assertEquals("\"5s\"  # default", effective.get("services.a.health.interval"));
        assertNull(effective.get("services.a.tls.enabled"));
    }

    @Test
    void whereASecretIsKeptIsShownAndAServiceMayHaveAnyName() throws Exception {
        hocon.inside(
                "services.secret-token { listen = 1, discovery = \"static://127.0.0.1:1\", protocol = redis,",
                "  credentials.password.file { path = /run/secrets/a, allow-readable = true } }");

        Map<String, String> effective = hocon.effective();

        assertEquals("1  # ambassador.conf: 2", effective.get("services.secret-token.listen"));
        assertEquals(
                "\"/run/secrets/a\"  # ambassador.conf: 3",
                effective.get("services.secret-token.credentials.password.file.path"));
    }

    @Test
    void secretsInUrisAreMasked() throws Exception {
        hocon.inside("services.a { listen = 1, discovery = \"static://10.0.0.1:1;zone=a\" }");

        assertEquals(
                "\"static://10.0.0.1:1;zone=a\"  # ambassador.conf: 2",
                hocon.effective().get("services.a.discovery"));
        assertEquals("\"etcd://app:***@h/p\"", Redaction.mask("\"etcd://app:hunter2@h/p\""));
        assertEquals("\"app:***@h:2379\"", Redaction.mask("\"app:hunter2@h:2379\""));
        assertEquals(
                "\"consul://h/s?dc=x&token=***&tag=y\"", Redaction.mask("\"consul://h/s?dc=x&token=hunter2&tag=y\""));
        assertEquals("\"static://a:1,b:2\"", Redaction.mask("\"static://a:1,b:2\""));
    }
}
