package io.ambassador.discovery.etcd;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.EtcdServer;
import io.ambassador.testkit.RecordingListener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Passwords, permissions and certificates of a real etcd. */
class EtcdAccessIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String PATH = "/services/redis";

    private final Etcd client = new Etcd();

    @TempDir
    Path folder;

    @AfterEach
    void stopClient() {
        client.close();
    }

    private static void awaitAddresses(RecordingListener seen, String... expected) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertEquals(Set.of(expected), seen.addresses(), () -> "told: " + seen.all()));
    }

    private static void awaitUnreachable(RecordingListener seen, String why) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertTrue(
                        seen.last() instanceof Unreachable unreachable
                                && String.valueOf(unreachable.cause().getMessage())
                                        .contains(why),
                        () -> "told: " + seen.all()));
    }

    /** With a user {@code app} that may read below {@code /services/}. */
    private static EtcdServer withPasswords(String... flags) {
        EtcdServer etcd = EtcdServer.start(flags);
        etcd.put(PATH + "/a", "10.0.0.1:1");
        etcd.etcdctl("user", "add", "root:rootsecret");
        etcd.etcdctl("user", "grant-role", "root", "root");
        etcd.etcdctl("user", "add", "app:secret\"1");
        etcd.etcdctl("role", "add", "reader");
        etcd.etcdctl("role", "grant-permission", "reader", "read", "--prefix=true", "/services/");
        etcd.etcdctl("user", "grant-role", "app", "reader");
        etcd.etcdctl("auth", "enable");
        return etcd;
    }

    private Path password(String text) throws Exception {
        Path file = Files.writeString(folder.resolve("password"), text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void aUserSeesWhatItMayAndTokensAreRenewed() throws Exception {
        // Tokens last a second, and the sign of life is asked for every other.
        try (EtcdServer etcd = withPasswords("--auth-token-ttl", "1")) {
            Map<String, Object> settings = new HashMap<>(Map.of(
                    "endpoints",
                    etcd.address(),
                    "path",
                    PATH,
                    "username",
                    "app",
                    "password",
                    Map.of("text-file", password("secret\"1").toString())));
            Map<String, Object> elsewhere = new HashMap<>(settings);
            elsewhere.put("path", "/private");
            try (RecordingListener seen = client.watch(settings);
                    RecordingListener forbidden = client.watch(elsewhere)) {
                awaitAddresses(seen, "10.0.0.1:1");
                awaitUnreachable(forbidden, "permission denied");

                await().pollDelay(Duration.ofSeconds(3)).until(() -> true); // the first token is long over
                etcd.etcdctl("--user", "root:rootsecret", "put", PATH + "/b", "10.0.0.2:1");
                awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1");
                try (RecordingListener more = client.watch(withPath(settings, PATH + "/b"))) {
                    awaitAddresses(more, "10.0.0.2:1");
                }
                assertFalse(seen.all().stream().anyMatch(Unreachable.class::isInstance), () -> "told: " + seen.all());
            }
        }
    }

    private static Map<String, Object> withPath(Map<String, Object> settings, String path) {
        Map<String, Object> other = new HashMap<>(settings);
        other.put("path", path);
        return other;
    }

    @Test
    void aWrongPasswordIsToldSeldomTriedAndMended() throws Exception {
        try (EtcdServer etcd = withPasswords()) {
            Path file = password("wrong");
            Map<String, Object> settings = Map.of(
                    "endpoints",
                    etcd.address(),
                    "path",
                    PATH,
                    "username",
                    "app",
                    "password",
                    Map.of("text-file", file.toString()));
            try (RecordingListener seen = client.watch(settings)) {
                awaitUnreachable(seen, "authentication failed");
                String told = seen.all().toString();
                assertFalse(told.contains("wrong"), told);
                Files.writeString(file, "secret\"1");
                awaitAddresses(seen, "10.0.0.1:1");
                etcd.etcdctl("--user", "root:rootsecret", "put", PATH + "/b", "10.0.0.2:1");
                awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1");
            }
            Map<String, Object> nobody = Map.of("endpoints", etcd.address(), "path", PATH);
            try (RecordingListener seen = client.watch(nobody)) {
                awaitUnreachable(seen, "user name is empty");
            }
        }
    }

    @Test
    void aPasswordThatIsNotAskedForDoesNoHarm() throws Exception {
        try (EtcdServer etcd = EtcdServer.start()) {
            etcd.put(PATH + "/a", "10.0.0.1:1");
            Map<String, Object> settings = Map.of(
                    "endpoints",
                    etcd.address(),
                    "path",
                    PATH,
                    "username",
                    "app",
                    "password",
                    Map.of("text-file", password("x").toString()));
            try (RecordingListener seen = client.watch(settings)) {
                awaitAddresses(seen, "10.0.0.1:1");
            }
        }
    }

    @Test
    void certificatesAreVerifiedBothWays() throws Exception {
        Certificates ours = Certificates.in(folder);
        Certificates others = Certificates.in(folder);
        // etcd's own gateway shows the server's certificate to itself, as a client.
        Certificates.Issued server = ours.serverAndClient("127.0.0.1", "localhost");
        Certificates.Issued app = ours.client("app");
        try (EtcdServer etcd = EtcdServer.start(
                "--cert-file",
                server.certificate().toString(),
                "--key-file",
                server.key().toString(),
                "--client-cert-auth",
                "--trusted-ca-file",
                ours.ca().toString())) {
            String[] asApp = {
                "--cacert",
                ours.ca().toString(),
                "--cert",
                app.certificate().toString(),
                "--key",
                app.key().toString()
            };
            await().atMost(PATIENCE).ignoreExceptions().until(() -> {
                etcd.etcdctl(with(asApp, "put", PATH + "/a", "10.0.0.1:1"));
                return true;
            });
            Map<String, Object> tls = Map.of(
                    "ca",
                    ours.ca().toString(),
                    "certificate",
                    app.certificate().toString(),
                    "key",
                    app.key().toString());
            try (RecordingListener right = watchWith(etcd, tls);
                    RecordingListener wrongCa =
                            watchWith(etcd, with(tls, "ca", others.ca().toString()));
                    RecordingListener nameless =
                            watchWith(etcd, Map.of("ca", ours.ca().toString()));
                    RecordingListener otherName = watchWith(etcd, with(tls, "server-name", "etcd.example.com"));
                    RecordingListener plain = client.watch(Map.of("endpoints", etcd.address(), "path", PATH))) {
                awaitAddresses(right, "10.0.0.1:1");
                etcd.etcdctl(with(asApp, "put", PATH + "/b", "10.0.0.2:1"));
                awaitAddresses(right, "10.0.0.1:1", "10.0.0.2:1");
                awaitUnreachable(wrongCa, "TLS failed");
                awaitUnreachable(nameless, "bad_certificate");
                awaitUnreachable(otherName, "etcd.example.com");
                await().atMost(PATIENCE).until(() -> plain.last() instanceof Unreachable);
                assertTrue(
                        wrongCa.addresses().isEmpty() && otherName.addresses().isEmpty());
            }
        }
    }

    private RecordingListener watchWith(EtcdServer etcd, Map<String, Object> tls) throws Exception {
        return client.watch(Map.of("endpoints", etcd.address(), "path", PATH, "tls", tls));
    }

    private static Map<String, Object> with(Map<String, Object> settings, String key, Object value) {
        Map<String, Object> more = new HashMap<>(settings);
        more.put(key, value);
        return more;
    }

    private static String[] with(String[] first, String... second) {
        String[] all = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }
}
