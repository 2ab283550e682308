package io.ambassador.launcher.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What people are told when their configuration is wrong. */
class ProblemsTest {
    @TempDir
    private Path folder;

    private Hocon hocon;

    @BeforeEach
    void begin() {
        hocon = new Hocon(folder);
    }

    /** Every wrong line in a service, and how its message begins after {@code ambassador.conf: 3: services.redis.}. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    listn = 6380                        | listn: is not a known key (did you mean listen?
                    health { intervall = 1s }           | health.intervall: is not a known key (did you mean interval?
                    limits.rates = 5/s                  | limits.rates: is not a known key (did you mean rate?
                    listen = nowhere                    | listen: "nowhere" is not an address such as
                    listen = "1.2.3.4:99999"            | listen: "1.2.3.4:99999" is not an address such as
                    protocol = radis                    | protocol: "radis" is not a known protocol (did you mean redis?
                    protocol = mysql                    | protocol: "mysql" is not supported by this version
                    http { timeout = 1s }               | http: is not supported by this version
                    redis { guard = true }              | redis: belongs to protocol redis, and this service's is tcp
                    discovery = "statik://127.0.0.1:1"  | discovery: "statik" is not a known discovery source (did you mean static?
                    discovery = "etcd://127.0.0.1"      | discovery: expected: etcd://host:port,host:port/path
                    discovery = "127.0.0.1:1"           | discovery: "127.0.0.1:1" (expected: scheme://…)
                    discovery { type = consull }        | discovery.type: "consull" is not a known discovery source
                    discovery {}                       | discovery.type: is missing
                    role = leader                       | role: "leader" is not a known word (known: any, primary
                    balancing = round_robin             | balancing: "round_robin" is not a known balancing policy (did you mean round-robin?
                    balancing { type = frist }          | balancing.type: "frist" is not a known balancing policy (did you mean first?
                    credentials { username = a }        | credentials.password: is missing
                    credentials.password.vault = x      | credentials.password.vault: "vault" is not supported by this version
                    credentials.password.vualt = x      | credentials.password.vualt: "vualt" is not a known secret source
                    credentials.password.file = /p      | credentials: protocol tcp cannot log in
                    tls { ca = /ca }                    | tls.server-name: is missing
                    tls { server-name = x, key = /k }   | tls.key: needs certificate and key
                    client-tls { key = /k }             | client-tls.certificate: is missing
                    client-tls { certificate = /c }     | client-tls.key: is missing
                    client-tls { certificate = /c, key = /k, mode = maybe } | client-tls.mode: "maybe" is not a known word
                    client-tls { certificate = /c, key = /k, mode = offer } | client-tls.mode: in protocol tcp clients begin with TLS
                    client-tls { certificate = /c, key = /k, mode = offer, client-ca = /a } | client-tls.client-ca: clients could do without
                    client-credentials = reject         | client-credentials: needs credentials
                    client-credentials = accept-any     | client-credentials: needs credentials
                    protocol = redis, credentials.password.file = /p, client-credentials = verify | client-credentials: verify needs a block
                    protocol = redis, credentials.password.file = /p, client-credentials = none | client-credentials: "none" is not a known word
                    protocol = redis, credentials.password.file = /p, client-credentials { username = a } | client-credentials.password: is missing
                    protocol = redis, credentials.password.file = /p, client-credentials { mode = reject, username = a } | client-credentials.mode: username and password are for mode verify
                    limits.prewarm = 4                  | limits.prewarm: without credentials
                    limits.prewarm = many               | limits.prewarm: "many" is not a whole number
                    protocol = redis, credentials.password.file = /p, limits.prewarm = 4, proxy-protocol.send = v2 | limits.prewarm: proxy-protocol.send names a client
                    protocol = redis, credentials.password.file = /p, limits.prewarm = 4, balancing = consistent-hash | limits.prewarm: balancing consistent-hash goes by the client
                    protocol = redis, credentials.password.file = /p, discovery = "static://10.0.0.5:1" | credentials: would cross the network to 10.0.0.5
                    protocol = redis, credentials.password.file = /p, listen = "*:1", allow.sources = ["10.0.0.0/8", "0.0.0.0/0"] | allow.sources: whoever reaches the listener
                    protocol = redis, credentials.password.file = /p, discovery = "mdns://_redis._tcp" | credentials: anybody on the network can announce an endpoint to mdns
                    protocol = redis, credentials { password.file = /p, insecure = true }, discovery = ["static://127.0.0.1:1", "mdns://_redis._tcp"] | credentials: anybody on the network can announce
                    protocol = redis, credentials.password.file = /p, discovery { merge = ["static://127.0.0.1:1", { uri = "mdns://_redis._tcp", weight = 2 }] } | credentials: anybody on the network can announce
                    protocol = redis, credentials.password.file = /p, tls { enabled = false, server-name = x }, discovery { type = mdns, service = _redis._tcp } | credentials: anybody on the network can announce
                    discovery = "mdns://redis"          | discovery.service: "redis" is not a type of service such as _redis._tcp
                    health.probe = tpc                  | health.probe: "tpc" is not a known health probe (did you mean tcp?
                    health.interval = soon              | health.interval: "soon" is not a duration
                    health.interval = 0s                | health.interval: 0s is too short
                    health.unhealthy-after = 0          | health.unhealthy-after: "0" is not a whole number from 1 to
                    health.panic-threshold = 110%       | health.panic-threshold: "110%" is not a share
                    on-change.removed = kill            | on-change.removed: "kill" is not a known word (known: close, drain, keep
                    limits.rate = 5                     | limits.rate: "5" is not a rate such as 100/s
                    limits.connect-attempts = many      | limits.connect-attempts: "many" is not a whole number
                    limits.idle-timeout = 0             | limits.idle-timeout: 0s is too short
                    allow.sources = [ "10.0.0.0/33" ]   | allow.sources: "10.0.0.0/33" is not an address block
                    allow.uids = [ root ]               | allow.uids: "root" is not a user's number
                    proxy-protocol.send = v3            | proxy-protocol.send: "v3" is not a known word (did you mean v1?
                    relay = splize                      | relay: "splize" is not a known word (did you mean splice?
                    health = 5                          | health: "5" is not a block
                    """)
    void aWrongValueIsNamedWithFileLineKeyAndWayOut(String line, String message) {
        List<String> problems = hocon.service(line).problems();

        assertEquals(1, problems.size(), problems::toString);
        assertTrue(
                problems.get(0).startsWith("ambassador.conf: 3: services.redis." + message),
                () -> problems.get(0) + "\nexpected: …" + message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    listeners { web { listen = 80 } } | listeners: is not supported by this version
                    register {}                       | register: is not supported by this version
                    admin.drills = on                 | admin.drills: is not supported by this version
                    admin.listen = "0.0.0.0:9901"     | admin.listen: "0.0.0.0:9901" can be reached from other machines
                    admin.listen = "127.evil.com:1"   | admin.listen: "127.evil.com:1" can be reached from other machines
                    admin.listen = nowhere            | admin.listen: "nowhere" is not an address
                    admin.listen = "unix:"            | admin.listen: "unix:" is not an address
                    admin.uids = [1000]               | admin.uids: only a unix socket tells its users
                    admin.token-for = everything      | admin.token-for: there is no token
                    admin.token.fil = /t              | admin.token.fil: "fil" is not a known secret source (did you mean file?
                    admin.token = {}                  | admin.token: names no source
                    admin.hosts = ["http://a"]        | admin.hosts: "http://a" is not a name without a port
                    admin.listen = "127.0.0.1:6379"   | services.redis.listen: 127.0.0.1:6379 is also admin.listen
                    servces { x {} }                  | servces: is not a known key (did you mean services?
                    event-loops = 0                   | event-loops: "0" is not a whole number
                    defaults.rol = primary            | services.redis.rol: is not a known key (did you mean role?
                    """)
    void aWrongGlobalKeyIsNamedToo(String line, String message) {
        List<String> problems = hocon.inside(
                        "services.redis { listen = 6379, discovery = \"static://127.0.0.1:1\" }", line)
                .problems();

        assertEquals(1, problems.size(), problems::toString);
        assertTrue(problems.get(0).contains(": " + message), () -> problems.get(0) + "\nexpected: …" + message);
        assertTrue(problems.get(0).startsWith("ambassador.conf: "), problems.get(0));
    }

    @Test
    void everythingWrongIsToldAtOnce() {
        List<String> problems = hocon.inside(
                        "services.a { listen = x, discovery = \"nosuch://\", rol = primary }",
                        "services.b { protocol = nosuch }",
                        "adminn {}")
                .problems();

        assertEquals(7, problems.size(), problems::toString);
        for (String part : List.of(
                "2: services.a.listen",
                "2: services.a.discovery",
                "2: services.a.rol",
                "3: services.b.listen",
                "3: services.b.protocol",
                "services.b.discovery",
                "4: adminn")) {
            assertTrue(problems.stream().anyMatch(problem -> problem.contains(part)), part + " in " + problems);
        }
    }

    @Test
    void theElementOfAListHasALineOfItsOwn() {
        List<String> problems = hocon.inside(
                        "services.redis { listen = 6379, discovery = [",
                        "  \"static://127.0.0.1:1\"",
                        "  \"nosuch://x\"",
                        "] }")
                .problems();

        assertTrue(
                problems.get(0).startsWith("ambassador.conf: 4: services.redis.discovery[1]: \"nosuch\""),
                problems::toString);
    }

    @Test
    void twoListenersOnOneAddressAreBothNamed() {
        List<String> problems = hocon.inside(
                        "services.a { listen = 6379, discovery = \"static://127.0.0.1:1\" }",
                        "services.b { listen = \"*:6379\", discovery = \"static://127.0.0.1:1\" }")
                .problems();

        assertEquals(
                List.of("ambassador.conf: 3: services.b.listen: 0.0.0.0:6379 is also services.a.listen."
                        + " Give one of them another address"),
                problems);
    }

    @Test
    void credentialsForWhoeverReachesTheMachineAreRefused() {
        List<String> problems = hocon.inside(
                        "services.redis { discovery = \"static://127.0.0.1:1\", protocol = redis",
                        "  listen = \"*:6379\"",
                        "  credentials.password.file = /p }")
                .problems();

        assertEquals(1, problems.size());
        assertTrue(
                problems.get(0).startsWith("ambassador.conf: 3: services.redis.listen: whoever reaches this address"),
                problems::toString);
    }

    @Test
    void noServiceIsAProblem() {
        assertTrue(hocon.inside("event-loops = 1").problems().get(0).contains("services: describes no service"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "password = hunter2 }",
                "password = hunter2:hunter2",
                "password = hunter2$hunter2",
                "password = \"hunter2\nhunter2\"",
                "password hunter2",
                "password = \"hunter2\"hunter2:hunter2",
                "password = hunter2@hunter2",
                "password = ${hunter2}",
                "password = ${?hunter2",
                "password = hunter2{hunter2",
                "password = \"\\hunter2\"",
                "password = [ hunter2, [ hunter2 ] ]",
                "password = { file = hunter2, env = hunter2 }",
                "password = { literal = { hunter2 = 1 } }",
                "password = { literal = [ hunter2 ] }",
                "password = \"\"\"hunter2",
                "password += hunter2:",
                "username = [ 1 ], password = hunter2",
                "password = { file = /p }, next = [ hunter2 ]",
                "password = { file = /p }, next = { literal = { hunter2 = 1 } }",
                "password = { file = /p }, next = { file = hunter2, env = hunter2 }",
                "include url(\"http://hunter2@x/\")",
            })
    void noMessageQuotesASecret(String credentials) {
        List<String> problems = hocon.service("protocol = redis, credentials { " + credentials + " }")
                .problems();

        assertTrue(!problems.isEmpty());
        assertTrue(!problems.toString().contains("hunter2"), problems::toString);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "discovery = \"app:hunter2@10.0.0.5:2379\"",
                "discovery = \"etdc://app:hunter2@10.0.0.5:2379/x\"",
                "discovery = \"static://app:hunter2@10.0.0.5:2379\"",
                "discovery = \"static://10.0.0.5:2379?token=hunter2\"",
                "discovery = \"static://10.0.0.5:2379?tokken=hunter2\"",
                "discovery = \"dns://app:hunter2@10.0.0.5:99999\"",
                "discovery { type = static, endpoints = [], password = hunter2 }",
                "discovery { type = static, token = [ hunter2 ] }",
                "discovery { type = hunter, auth-token = hunter2 }",
                "role { password = hunter2 }",
                "limits.secret = hunter2",
                "listen = \"app:hunter2@127.0.0.1:1\"",
            })
    void noMessageQuotesASecretThatStandsWhereItShouldNot(String line) {
        List<String> problems = hocon.service(line).problems();

        assertTrue(!problems.isEmpty());
        assertTrue(!problems.toString().contains("hunter2"), problems::toString);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "on-rotation = drain",
                "on-rotation = \"drain(soon)\"",
                "on-rotation = \"drain(0s)\"",
                "on-rotation = { drain = 0s }",
                "on-rotation = { }",
                "on-rotation = { drian = 1s }",
                "on-rotation = close",
                "keep-previous = -1s",
                "rotation-wait = long",
            })
    void aRotationThatMeansNothingIsAProblem(String setting) {
        List<String> problems = hocon.service(
                        "protocol = redis, credentials { password { file = /p }, " + setting + " }")
                .problems();

        assertTrue(!problems.isEmpty());
        assertTrue(problems.get(0).contains("credentials." + setting.replaceAll(" .*", "")), problems::toString);
    }

    @Test
    void whatIsNoHoconIsNamedWithLineAndHint() {
        List<String> problems = hocon.inside("services.redis {", "  listen = 127.0.0.1:6379", "}")
                .problems();

        assertEquals(
                List.of("ambassador.conf: 3: is not HOCON: expected } or a comma. Quote values that hold punctuation,"
                        + " as in \"127.0.0.1:6379\""),
                problems);
    }

    @Test
    void everyFileThatCannotBeReadIsNamed() throws Exception {
        Files.write(folder.resolve("latin1.conf"), new byte[] {'a', '=', (byte) 0xe9});
        Files.write(folder.resolve("large.conf"), new byte[ConfigFiles.MAX_BYTES + 1]);
        Hocon several = hocon.file("broken.conf", "ambassador {")
                .file("bare.conf", "ambasador { services {} }")
                .also("latin1.conf")
                .also("large.conf")
                .also("missing.conf")
                .also("");

        List<String> problems = several.problems();

        assertEquals(6, problems.size(), problems::toString);
        assertTrue(problems.get(0).startsWith("broken.conf: 1: is not HOCON"), problems::toString);
        assertTrue(problems.get(1).startsWith("bare.conf: has no block ambassador"), problems::toString);
        assertTrue(problems.get(1).contains("did you mean it by ambasador?"), problems::toString);
        assertTrue(problems.get(2).startsWith("latin1.conf: is not UTF-8"), problems::toString);
        assertTrue(problems.get(3).startsWith("large.conf: is larger than"), problems::toString);
        assertTrue(problems.get(4).startsWith("missing.conf: there is no such file"), problems::toString);
        assertTrue(problems.get(5).contains("cannot be read"), problems::toString);
    }

    @Test
    void whatIsIncludedCountsTowardsTheSize() throws Exception {
        Files.writeString(folder.resolve("part.conf"), "#" + "x".repeat(ConfigFiles.MAX_BYTES / 3));
        List<String> problems = hocon.file("ambassador.conf", "include \"part\"\n".repeat(4) + "ambassador {}")
                .problems();

        assertEquals(
                List.of("part.conf: is, with all that is included, larger than 1048576 characters. Split it up"),
                problems);
    }

    @Test
    @Timeout(60)
    void aFileThatIncludesItselfManyTimesIsRefusedSoon() {
        List<String> problems = hocon.file("ambassador.conf", "include \"ambassador.conf\"\n".repeat(100))
                .problems();

        assertEquals(1, problems.size(), problems::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "[", "a {", "a.", "a = [", "a = ${?"})
    void aFileHundredThousandDeepIsRefusedQuietly(String level) {
        List<String> problems = hocon.file("deep.conf", "ambassador { a " + level.repeat(100_000) + " }")
                .problems();

        assertEquals(1, problems.size());
        assertTrue(problems.get(0).startsWith("deep.conf: "), problems::toString);
        assertTrue(problems.get(0).length() < 200, problems::toString);
    }

    @Test
    void wellFormedButDeepIsRefusedToo() {
        int depth = 100_000;
        List<String> problems = hocon.inside("services.redis.x = " + "[".repeat(depth) + "]".repeat(depth))
                .problems();

        assertEquals(List.of("ambassador.conf: 2: is nested more than 100 deep. No key is that deep"), problems);
    }
}
