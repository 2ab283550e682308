package io.ambassador.discovery.zookeeper;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.EndpointSourceContract;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ZooKeeperServer;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract, and what nodes mean, against a real server that Curator writes to. */
class ZooKeeperSourceIT extends EndpointSourceContract {
    private static ZooKeeperServer server;
    private static Writer writer;
    private static int tests;

    private ControlThread control;
    private String path;

    @TempDir
    Path folder;

    @BeforeAll
    static void startServer() throws Exception {
        server = ZooKeeperServer.start();
        writer = Writer.to(server);
    }

    @AfterAll
    static void stopServer() {
        writer.close();
        server.close();
    }

    @BeforeEach
    void startControlThread() {
        control = new ControlThread();
    }

    @AfterEach
    void stopControlThread() {
        control.close();
    }

    @Override
    protected String type() {
        return "zookeeper";
    }

    @Override
    protected Duration patience() {
        return Duration.ofSeconds(20);
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-registry");
    }

    @Override
    protected MovingRegistry startRegistry() {
        path = "/services/redis" + tests++;
        Set<String> written = new HashSet<>();
        return new MovingRegistry() {
            @Override
            public void set(Set<String> endpoints) throws Exception {
                for (String endpoint : new TreeSet<>(endpoints)) {
                    if (written.add(endpoint)) {
                        writer.put(path + "/" + endpoint, "");
                    }
                }
                for (String endpoint : Set.copyOf(written)) {
                    if (!endpoints.contains(endpoint)) {
                        written.remove(endpoint);
                        writer.delete(path + "/" + endpoint);
                    }
                }
            }

            @Override
            public void breakDown() {
                server.kill();
            }

            @Override
            public void recover() {
                server.restart();
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("servers", List.of(server.address()), "path", path);
            }

            @Override
            public void close() throws Exception {
                if (!server.isAlive()) {
                    server.restart();
                }
                writer.delete(path);
            }
        };
    }

    @Test
    void dataComesBeforeNames() throws Exception {
        writer.delete(path);
        writer.put(path + "/10.0.0.1:1", "started by hand");
        writer.put(path + "/a", "10.0.0.2:2;weight=3;tag=blue");
        writer.put(path + "/10.0.0.9:9", "{\"host\": \"10.0.0.3\", \"port\": 3}");
        writer.put(path + "/b", "no endpoint");
        try (RecordingListener seen = watch(Map.of("path", path))) {
            awaitAddresses(seen, Set.of("10.0.0.1:1", "10.0.0.2:2", "10.0.0.3:3"));
            writer.put(path + "/b", "10.0.0.4:4");
            awaitAddresses(seen, Set.of("10.0.0.1:1", "10.0.0.2:2", "10.0.0.3:3", "10.0.0.4:4"));
            writer.put(path + "/b", "10.0.0.5:5");
            awaitAddresses(seen, Set.of("10.0.0.1:1", "10.0.0.2:2", "10.0.0.3:3", "10.0.0.5:5"));
        }
    }

    @Test
    void curatorsInstancesAreUnderstood() throws Exception {
        ServiceInstance<Map<String, Object>> first = instance("10.0.0.1", 80, true);
        ServiceInstance<Map<String, Object>> second = instance("10.0.0.2", 80, true);
        try (ServiceDiscovery<?> discovery = discovery();
                RecordingListener seen = watch(Map.of("path", "/curator/orders"))) {
            register(discovery, first);
            awaitAddresses(seen, Set.of("10.0.0.1:80"));
            register(discovery, second);
            awaitAddresses(seen, Set.of("10.0.0.1:80", "10.0.0.2:80"));
            Endpoint endpoint = ((Known) seen.last())
                    .endpoints().stream()
                            .filter(each -> each.host().equals("10.0.0.1"))
                            .findFirst()
                            .orElseThrow();
            assertEquals(Map.of("id", first.getId(), "version", "3"), endpoint.metadata());
            writer.put(
                    "/curator/orders/" + second.getId(),
                    "{\"address\": \"10.0.0.2\", \"port\": 80, \"serviceType\": \"DYNAMIC\", \"enabled\": false}");
            awaitAddresses(seen, Set.of("10.0.0.1:80"));
        } // whose session ends, and its instances with it
        try (RecordingListener seen = watch(Map.of("path", "/curator/orders"))) {
            await().atMost(patience()).until(() -> seen.last() instanceof Known);
            assertEquals(Set.of(), seen.addresses());
        }
    }

    @Test
    void serverSetsAreUnderstood() throws Exception {
        writer.put(
                "/sets/web/member_0000000001",
                "{\"serviceEndpoint\": {\"host\": \"10.0.0.1\", \"port\": 80}, \"additionalEndpoints\": {}, \"status\": \"ALIVE\"}");
        writer.put(
                "/sets/web/member_0000000002",
                "{\"serviceEndpoint\": {\"host\": \"10.0.0.2\", \"port\": 80}, \"status\": \"STOPPING\"}");
        try (RecordingListener seen = watch(Map.of("chroot", "/sets", "path", "/web"))) {
            awaitAddresses(seen, Set.of("10.0.0.1:80"));
        }
    }

    @Test
    void aNodeWithoutChildrenSpeaksForItself() throws Exception {
        writer.put("/alone/redis", "10.0.0.1:1, 10.0.0.2:2");
        writer.put("/alone/redis-2", "10.0.0.9:9");
        try (RecordingListener seen = watch(Map.of("path", "/alone/redis"))) {
            awaitAddresses(seen, Set.of("10.0.0.1:1", "10.0.0.2:2"));
            writer.put("/alone/redis", "10.0.0.3:3");
            awaitAddresses(seen, Set.of("10.0.0.3:3"));
            writer.put("/alone/redis/a", "10.0.0.4:4");
            awaitAddresses(seen, Set.of("10.0.0.4:4"));
            writer.delete("/alone/redis/a");
            awaitAddresses(seen, Set.of("10.0.0.3:3"));
        }
    }

    @Test
    void aNodeThatIsNotThereIsAbsentUntilItIs() throws Exception {
        try (RecordingListener seen = watch(Map.of("path", "/later/redis"))) {
            await().atMost(patience()).until(() -> seen.last() instanceof Absent);
            assertEquals(new Absent("ZooKeeper has no node /later/redis"), seen.last());
            writer.put("/later/redis/10.0.0.1:1", "");
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            writer.delete("/later/redis");
            await().atMost(patience()).until(() -> seen.last() instanceof Absent);
            writer.put("/later/redis/10.0.0.2:1", "");
            awaitAddresses(seen, Set.of("10.0.0.2:1"));
        }
    }

    @Test
    void whatOnlySomeMayReadNeedsTheirPassword() throws Exception {
        ACL acl = new ACL(
                ZooDefs.Perms.ALL, new Id("digest", DigestAuthenticationProvider.generateDigest("ambassador:s3cret")));
        writer.curator()
                .create()
                .creatingParentsIfNeeded()
                .withACL(List.of(acl))
                .forPath("/closed", "10.0.0.1:1".getBytes(UTF_8));
        Path password = Files.writeString(folder.resolve("password"), "s3cret");
        Map<String, Object> settings = new HashMap<>(Map.of("path", "/closed"));
        try (RecordingListener stranger = watch(settings)) {
            await().atMost(patience()).until(() -> stranger.last() instanceof Unreachable);
            String message = ((Unreachable) stranger.last()).cause().getMessage();
            assertTrue(message.contains("may not be read without another user"), message);
        }
        settings.putAll(Map.of("user", "ambassador", "password", Map.of("text-file", password.toString())));
        try (RecordingListener known = watch(settings)) {
            awaitAddresses(known, Set.of("10.0.0.1:1"));
            assertFalse(known.all().toString().contains("s3cret"));
        }
    }

    @Test
    void otherMembersAreTriedAndTheSessionIsShared() throws Exception {
        writer.put("/several/a/10.0.0.1:1", "");
        writer.put("/several/b/10.0.0.2:2", "");
        List<String> servers = List.of("127.0.0.1:1", server.address(), "127.0.0.1:2");
        int before = connections();
        try (RecordingListener a = watch(Map.of("path", "/several/a", "servers", servers));
                RecordingListener b = watch(Map.of("path", "/several/b", "servers", servers))) {
            awaitAddresses(a, Set.of("10.0.0.1:1"));
            awaitAddresses(b, Set.of("10.0.0.2:2"));
            assertEquals(1, a.all().size(), a.all().toString());
            assertEquals(before + 1, connections());
        }
        await().atMost(patience()).until(() -> connections() == before);
    }

    @Test
    void tlsIsMutual() throws Exception {
        Certificates authority = Certificates.in(folder);
        Certificates.Issued client = authority.client("ambassador");
        try (ZooKeeperServer secured = ZooKeeperServer.withTls(authority.server("zk.example.com"), authority.ca());
                Writer admin = Writer.to(secured)) {
            admin.put("/secured/10.0.0.1:1", "");
            Map<String, Object> tls =
                    new HashMap<>(Map.of("ca", authority.ca().toString(), "server-name", "zk.example.com"));
            Map<String, Object> settings =
                    new HashMap<>(Map.of("path", "/secured", "servers", List.of("127.0.0.1:" + secured.tlsPort())));
            settings.put("tls", Map.copyOf(tls));
            try (RecordingListener anonymous = watch(settings)) {
                await().atMost(patience()).until(() -> anonymous.last() instanceof Unreachable);
            }
            tls.put("certificate", client.certificate().toString());
            tls.put("key", client.key().toString());
            settings.put("tls", tls);
            try (RecordingListener known = watch(settings)) {
                awaitAddresses(known, Set.of("10.0.0.1:1"));
            }
        }
    }

    /** How many clients the server counts. */
    private static int connections() throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.getOutputStream().write("srvr".getBytes(US_ASCII));
            String said = new String(socket.getInputStream().readAllBytes(), US_ASCII);
            return Integer.parseInt(said.replaceAll("(?s).*Connections: (\\d+).*", "$1"));
        }
    }

    private ServiceInstance<Map<String, Object>> instance(String address, int port, boolean enabled) throws Exception {
        return ServiceInstance.<Map<String, Object>>builder()
                .name("orders")
                .address(address)
                .port(port)
                .payload(Map.of("metadata", Map.of("version", "3")))
                .enabled(enabled)
                .build();
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static ServiceDiscovery<?> discovery() throws Exception {
        ServiceDiscovery<?> discovery = ServiceDiscoveryBuilder.builder((Class) Map.class)
                .client(writer.curator())
                .basePath("/curator")
                .build();
        discovery.start();
        return discovery;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static void register(ServiceDiscovery<?> discovery, ServiceInstance<?> instance) throws Exception {
        ((ServiceDiscovery) discovery).registerService(instance);
    }

    private RecordingListener watch(Map<String, ?> more) {
        Map<String, Object> values = new HashMap<>(Map.of("servers", List.of(server.address())));
        values.putAll(more);
        Settings settings = Settings.of("discovery", values);
        ZooKeeperProvider provider = new ZooKeeperProvider();
        ZooKeeperConfig config = provider.parse(settings);
        settings.refuseUnknownKeys();
        assertEquals(List.of(), settings.problems());
        return RecordingListener.watch(provider.create(config, control.scheduler()));
    }
}
