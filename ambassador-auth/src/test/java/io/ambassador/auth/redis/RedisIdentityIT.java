package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.HandshakeClient;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import io.ambassador.testkit.TestLogin;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.SocketChannel;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who a real server thinks a client is, whatever that client said before. The service logs in as {@code app}; the
 * client is accepted as {@code me}, who is somebody at the server, too, as are {@code other} and, for everyone who is
 * not logged in, {@code default}.
 */
class RedisIdentityIT {
    private static final String OK = "+OK\r\n";
    private static final String WRONG = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    private static final String REFUSED_NOTIFICATIONS =
            "-ERR unknown subcommand 'MAINT_NOTIFICATIONS_REFUSED'. Try CLIENT HELP.\r\n";

    private static RedisServer redis;
    private static HandshakeClient client;

    @BeforeAll
    static void start() {
        redis = RedisServer.builder()
                .user("app", "s3cret", "+@all -@dangerous")
                .user("me", "mine")
                .user("other", "theirs")
                .user("fuzzed", "s3cret", "+@all -incr")
                .start();
        client = new HandshakeClient();
    }

    @AfterAll
    static void stop() {
        client.close();
        redis.close();
    }

    /** {@code whoDirectly} is who the server makes of one who logged in as {@code app} there and then says the same. */
    static Stream<Arguments> sayings() {
        return Stream.of(
                Arguments.of(List.of("AUTH me mine"), OK, "app", "app", "me"),
                Arguments.of(List.of("AUTH mine"), OK, "app", "app", "app"),
                Arguments.of(List.of("AUTH me wrong"), WRONG, "app", "app", "app"),
                Arguments.of(List.of("AUTH other theirs"), WRONG, "app", "app", "other"),
                Arguments.of(List.of("HELLO 2 AUTH me wrong"), WRONG, "app", "app", "app"),
                Arguments.of(List.of("HELLO 2 AUTH other theirs"), WRONG, "app", "app", "other"),
                Arguments.of(List.of("HELLO 2", "AUTH me mine"), "2" + OK, "app", "app", "me"),
                Arguments.of(List.of("HELLO 2", "AUTH other theirs"), "2" + WRONG, "app", "app", "other"),
                Arguments.of(List.of("HELLO 2 AUTH me mine SETNAME n"), "2", "app", "app", "me"),
                Arguments.of(List.of("HELLO 3 AUTH me mine"), "3", "app", "app", "me"),
                Arguments.of(List.of("HELLO 3"), "3", "app", "app", "app"),
                Arguments.of(
                        List.of("HELLO 9 AUTH me mine"),
                        "-NOPROTO unsupported protocol version\r\n",
                        "app",
                        "app",
                        "app"),
                Arguments.of(
                        List.of("CLIENT MAINT_NOTIFICATIONS ON", "AUTH other theirs"),
                        REFUSED_NOTIFICATIONS + WRONG,
                        "app",
                        "app",
                        "other"),
                // After another command, only a guard looks on.
                Arguments.of(List.of("ECHO x", "AUTH me mine"), "$1\r\nx\r\n" + OK, "me", "app", "me"),
                Arguments.of(List.of("ECHO x", "AUTH me wrong"), "$1\r\nx\r\n" + WRONG, "app", "app", "app"),
                Arguments.of(List.of("ECHO x", "HELLO 3 AUTH me mine"), "$1\r\nx\r\n3", "me", "app", "me"),
                Arguments.of(List.of("ECHO x", "HELLO 3 AUTH me wrong"), "$1\r\nx\r\n" + WRONG, "app", "app", "app"),
                Arguments.of(List.of("RESET"), "+RESET\r\n", "default", "app", "default"),
                Arguments.of(List.of("HELLO 3", "RESET"), "3+RESET\r\n", "default", "app", "default"),
                Arguments.of(List.of("RESET", "RESET"), "+RESET\r\n+RESET\r\n", "default", "app", "default"),
                Arguments.of(
                        List.of("MULTI", "AUTH me mine", "EXEC"), OK + "+QUEUED\r\n*1\r\n" + OK, "me", "app", "me"),
                Arguments.of(List.of("MULTI", "RESET"), OK + "+RESET\r\n", "default", "app", "default"),
                Arguments.of(
                        List.of("SUBSCRIBE c", "RESET"),
                        "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n+RESET\r\n",
                        "default",
                        "app",
                        "default"),
                Arguments.of(List.of("CLIENT REPLY OFF", "RESET"), "+RESET\r\n", "default", "app", "default"),
                Arguments.of(List.of("CLIENT REPLY SKIP", "RESET"), "", "default", "app", "default"),
                Arguments.of(
                        List.of("EVAL \"return {ok='RESET'}\" 0", "EVAL \"return {ok='OK'}\" 0", "RESET"),
                        "+RESET\r\n" + OK + "+RESET\r\n",
                        "default",
                        "app",
                        "default"));
    }

    @ParameterizedTest
    @MethodSource("sayings")
    void nobodyBecomesMoreThanALoginAtTheServerMakesThem(
            List<String> said, String answers, String whoWithout, String whoWithGuard, String whoDirectly)
            throws Exception {
        assertEquals(whoDirectly, who(direct(said)), "directly");
        for (boolean guard : new boolean[] {false, true}) {
            String who = guard ? whoWithGuard : whoWithout;
            for (IntPredicate cuts : List.of(HandshakeClient.WHOLE, HandshakeClient.EVERY_BYTE)) {
                String heard = filtered(guard, cuts, said);
                assertEquals(who, who(heard), "guard " + guard + ": " + heard);
                if (who.equals("app")) { // else it is the server's own affair
                    assertEquals(
                            answers, withoutGreeting(heard.substring(0, heard.lastIndexOf('$'))), "guard " + guard);
                }
            }
        }
    }

    /** A session after RESET is as a new one, RESP2 and in database 0. */
    @Test
    void afterResetAGuardedSessionIsNew() throws Exception {
        String heard = filtered(
                true,
                HandshakeClient.WHOLE,
                List.of(
                        "HELLO 3 SETNAME n",
                        "SELECT 3",
                        "SET guarded 1",
                        "CLIENT TRACKING ON",
                        "RESET",
                        "CLIENT GETNAME",
                        "HGETALL none",
                        "GET guarded"));
        assertTrue(heard.contains("+RESET\r\n$-1\r\n*0\r\n$-1\r\n"), heard);
    }

    /** What two readers may understand differently: each piece is a way to hide a login from one of them. */
    private static final String[] PIECES = {
        "*3\r\n$4\r\nAUTH\r\n$5\r\nother\r\n$6\r\ntheirs\r\n",
        "AUTH other theirs\r\n",
        "\"\\x41UTH\" other 'theirs'\r\n",
        "HELLO 2 AUTH other theirs\r\n",
        "*5\r\n$5\r\nHELLO\r\n$1\r\n2\r\n$4\r\nAUTH\r\n$5\r\nother\r\n$6\r\ntheirs\r\n",
        "*5\r\n$5\r\nHELLO\r\n$1\r\n2\r\n$6\r\nAUTH\0x\r\n$5\r\nother\r\n$6\r\ntheirs\r\n",
        "*3\r\n$6\r\nAUTH\0x\r\n$5\r\nother\r\n$6\r\ntheirs\r\n",
        "*2\r\n$4\r\nECHO\r\n$60\r\n",
        "*2\r\n$4\r\nECHO\r\n$0\r\n",
        "*2\r\n$4\r\nECHO\r\n$3\r\nabc",
        "*2\r\n$4\r\nECHO\r\n$03\r\nabc\r\n",
        "*2\r\n$4\r\nECHO\r\n$-1\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$19\r\n",
        "*0\r\n",
        "*-1\r\n",
        "*01\r\n",
        "$4\r\n",
        "MULTI\r\n",
        "EXEC\r\n",
        "RESET\r\n",
        "*1\r\n$5\r\nreset\r\n",
        "\r\n",
        "\r",
        "\n",
        "PING",
        "ECHO \"x",
        "\0",
        "CLIENT REPLY OFF\r\n"
    };

    /** {@code fuzzed} may do anything but {@code INCR}, and {@code default} is somebody else. */
    @Test
    void noBytesSmuggleALoginPastAGuard() throws Exception {
        Random random = new Random(3);
        redis.command("ACL", "SETUSER", "default", "-incr");
        try {
            for (int round = 0; round < 1000; round++) {
                StringBuilder said = new StringBuilder("ECHO x\r\n");
                for (int i = 1 + random.nextInt(4); i > 0; i--) {
                    said.append(PIECES[random.nextInt(PIECES.length)]);
                }
                said.append("INCR filtered\r\n".repeat(2));
                boolean filtered = round % 4 > 0;
                speak(filtered, said.toString().replace("filtered", filtered ? "filtered" : "direct"));
            }
            assertNull(redis.command("GET", "filtered"));
            assertTrue(Integer.parseInt((String) redis.command("GET", "direct")) > 10, "nothing to guard against");
        } finally {
            redis.command("ACL", "SETUSER", "default", "+incr");
        }
    }

    /** Until the server has read all of it. */
    private static void speak(boolean filtered, String said) throws Exception {
        try (HandshakeClient.Run<Void> run = client.run(
                redis.address(),
                null,
                HandshakeClient.WHOLE,
                ready -> new RedisLoginHandler(ready, new TestLogin("fuzzed", "s3cret")))) {
            run.result();
            SocketChannel channel = (SocketChannel) run.channel();
            channel.eventLoop()
                    .submit(() -> {
                        if (filtered) {
                            ChannelPipeline pipeline = channel.pipeline();
                            pipeline.addBefore(
                                    pipeline.lastContext().name(),
                                    "client-commands",
                                    new CommandFilter(
                                            new OneUser(false), channel, new TestLogin("fuzzed", "s3cret"), true));
                        }
                        channel.write(Unpooled.copiedBuffer(said, ISO_8859_1), channel.voidPromise());
                        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> channel.shutdownOutput());
                    })
                    .sync();
            await().pollInterval(Duration.ofMillis(1)).until(() -> !channel.isActive() || channel.isInputShutdown());
        }
    }

    /** The sentences as lines, then in arrays. */
    private static String filtered(boolean guard, IntPredicate cuts, List<String> said) throws Exception {
        try (HandshakeClient.Run<Void> run = client.run(
                redis.address(), null, cuts, ready -> new RedisLoginHandler(ready, new TestLogin("app", "s3cret")))) {
            run.result();
            Channel channel = run.channel();
            channel.eventLoop()
                    .submit(() -> {
                        ChannelPipeline pipeline = channel.pipeline();
                        pipeline.addBefore(
                                pipeline.lastContext().name(),
                                "client-commands",
                                new CommandFilter(new OneUser(false), channel, new TestLogin("app", "s3cret"), guard));
                    })
                    .sync();
            byte[] bytes = commands(said);
            channel.writeAndFlush(Unpooled.wrappedBuffer(bytes)).sync();
            await().pollInterval(Duration.ofMillis(5)).until(() -> who(text(run)) != null);
            return text(run);
        }
    }

    private static String direct(List<String> said) throws Exception {
        try (HandshakeClient.Run<Void> run = client.run(
                redis.address(),
                null,
                HandshakeClient.WHOLE,
                ready -> new RedisLoginHandler(ready, new TestLogin("app", "s3cret")))) {
            run.result();
            run.channel().writeAndFlush(Unpooled.wrappedBuffer(commands(said))).sync();
            await().pollInterval(Duration.ofMillis(5)).until(() -> who(text(run)) != null);
            return text(run);
        }
    }

    private static byte[] commands(List<String> said) {
        List<String> all = new ArrayList<>(said);
        all.add("ACL WHOAMI");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < all.size(); i++) {
            String line = all.get(i);
            bytes.writeBytes(
                    i % 2 == 0 || line.contains("\"")
                            ? (line + "\r\n").getBytes(UTF_8)
                            : RespClient.encode(line.split(" ")));
        }
        return bytes.toByteArray();
    }

    private static String text(HandshakeClient.Run<Void> run) {
        return new String(run.leftovers(), UTF_8);
    }

    /** The user that the last answer names; null until it is there. */
    private static String who(String heard) {
        return Stream.of("app", "me", "other", "default")
                .filter(user -> heard.endsWith("$" + user.length() + "\r\n" + user + "\r\n"))
                .findAny()
                .orElse(null);
    }

    /** What HELLO answers, cut down to the protocol it tells. */
    private static String withoutGreeting(String heard) {
        return heard.replaceAll(
                "(?s)(\\*14|%7)\r\n\\$6\r\nserver\r\n.*?proto\r\n:([23])\r\n.*?modules\r\n\\*0\r\n", "$2");
    }
}
