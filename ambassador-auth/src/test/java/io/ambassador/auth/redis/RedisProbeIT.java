package io.ambassador.auth.redis;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.testkit.HandshakeClient;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.TestLogin;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The probe alone, against real servers. */
class RedisProbeIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final ProbeResult PRIMARY = ProbeResult.healthy(ServerRole.PRIMARY, "primary");
    private static final ProbeResult REPLICA = ProbeResult.healthy(ServerRole.REPLICA, "replica");

    private final HandshakeClient client = new HandshakeClient();

    @AfterEach
    void closeClient() {
        client.close();
    }

    @Test
    void tellsPrimaryFromReplicaAndFollowsAPromotion() throws Exception {
        try (RedisServer primary = RedisServer.withPassword("pw");
                RedisServer replica =
                        RedisServer.builder().password("pw").replicaOf(primary).start()) {
            TestLogin login = new TestLogin(null, "pw");
            assertEquals(PRIMARY, probe(primary, login));
            await().atMost(LONG).until(is(replica, login, REPLICA));

            primary.kill();
            await().atMost(LONG).untilAsserted(() -> {
                ProbeResult cutOff = probe(replica, login);
                assertFalse(cutOff.healthy(), cutOff.toString());
                assertEquals(ServerRole.REPLICA, cutOff.role());
            });

            replica.command("REPLICAOF", "NO", "ONE");
            assertEquals(PRIMARY, probe(replica, login));
        }
    }

    @Test
    void aCutOffReplicaThatMayNotServeIsUnhealthy() throws Exception {
        try (RedisServer primary = RedisServer.start();
                RedisServer replica = RedisServer.builder()
                        .replicaOf(primary)
                        .setting("replica-serve-stale-data", "no")
                        .start()) {
            await().atMost(LONG).until(is(replica, null, REPLICA));
            primary.kill();
            await().atMost(LONG).until(is(replica, null, ProbeResult.unhealthy("answers PING with MASTERDOWN")));
        }
    }

    /** A server answers ROLE while it loads, as PING does not. */
    @Test
    void aServerThatIsLoadingIsUnhealthy() throws Exception {
        try (RedisServer primary =
                RedisServer.builder().setting("enable-debug-command", "yes").start()) {
            primary.command("DEBUG", "POPULATE", "20000");
            try (RedisServer replica = RedisServer.builder()
                    .setting("key-load-delay", "300") // microseconds for each key
                    .setting("loading-process-events-interval-bytes", "1024")
                    .replicaOf(primary)
                    .start()) {
                await().atMost(LONG).until(is(replica, null, ProbeResult.unhealthy("answers PING with LOADING")));
                replica.command("CONFIG", "SET", "key-load-delay", "0");
                await().atMost(LONG).until(is(replica, null, REPLICA));
            }
        }
    }

    @Test
    void aServerThatAsksForAPasswordIsUpThoughNoneIsConfigured() throws Exception {
        try (RedisServer redis = RedisServer.withPassword("pw")) {
            ProbeResult result = probe(redis, null);
            assertTrue(result.healthy());
            assertEquals(ServerRole.UNKNOWN, result.role());
        }
    }

    @Test
    void aUserWithoutRoleOrPingIsServed() throws Exception {
        try (RedisServer redis = RedisServer.builder()
                .user("norole", "pw", "+@all -role")
                .user("noping", "pw", "+@all -ping")
                .user("nothing", "pw", "+get")
                .start()) {
            assertEquals(
                    ProbeResult.healthy(ServerRole.UNKNOWN, "up; ROLE answers NOPERM"),
                    probe(redis, new TestLogin("norole", "pw")));
            assertEquals(PRIMARY, probe(redis, new TestLogin("noping", "pw")));
            assertEquals(
                    ProbeResult.healthy(ServerRole.UNKNOWN, "up; ROLE answers NOPERM"),
                    probe(redis, new TestLogin("nothing", "pw")));
        }
    }

    @Test
    void aWrongPasswordFailsTheProbe() throws Exception {
        try (RedisServer redis = RedisServer.withPassword("pw");
                HandshakeClient.Run<ProbeResult> run = start(redis, new TestLogin(null, "wrong"))) {
            assertEquals(
                    LoginException.Kind.REFUSED,
                    assertInstanceOf(LoginException.class, run.failure()).kind());
        }
    }

    @Test
    void aStoppedServerIsAwaitedUntilItAnswers() throws Exception {
        try (RedisServer redis = RedisServer.start()) {
            redis.pause();
            try (HandshakeClient.Run<ProbeResult> run = start(redis, null)) {
                assertTrue(run.isUnderWayAfter(Duration.ofMillis(300)));
                redis.resume();
                assertEquals(PRIMARY, run.result());
            }
        }
    }

    private Callable<Boolean> is(RedisServer redis, TestLogin login, ProbeResult expected) {
        return () -> probe(redis, login).equals(expected);
    }

    private ProbeResult probe(RedisServer redis, TestLogin login) throws Exception {
        try (HandshakeClient.Run<ProbeResult> run = start(redis, login)) {
            return run.result();
        }
    }

    private HandshakeClient.Run<ProbeResult> start(RedisServer redis, TestLogin login) {
        return client.run(redis.address(), null, HandshakeClient.WHOLE, result -> new RedisProbeHandler(result, login));
    }
}
