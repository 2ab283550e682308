package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.protocol.Session;
import io.ambassador.testkit.RespClient;
import io.ambassador.testkit.TestClient;
import io.ambassador.testkit.TestLogin;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a client's commands reaches the server, and what is answered for it. */
class CommandFilterTest {
    private static final String WRONG = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    private static final String NOAUTH = "-NOAUTH Authentication required.\r\n";
    private static final String SERVICE_AUTH = array("AUTH", "app", "s3cret");
    private static final String NOBODY = array("AUTH", "", "");
    private static final String NO_NOTIFICATIONS = array("CLIENT", "MAINT_NOTIFICATIONS_REFUSED");
    private static final String GET = array("GET", "k");

    private final EmbeddedChannel client = new EmbeddedChannel();
    private final TestLogin login = new TestLogin("app", "s3cret");
    private EmbeddedChannel backend;
    private OneUser user;

    /** What became of a client's bytes. */
    private record Outcome(String toServer, String toClient, boolean stays, boolean open) {}

    private static String array(String... arguments) {
        return new String(RespClient.encode(arguments), ISO_8859_1);
    }

    private void open(boolean mustShow, boolean guard) {
        user = new OneUser(mustShow);
        backend = new EmbeddedChannel(new Wire(), new CommandFilter(user, client, login, guard));
    }

    @AfterEach
    void release() {
        if (backend != null) {
            backend.finishAndReleaseAll();
        }
        client.finishAndReleaseAll();
    }

    /** Writes {@code text}, cut after every {@code step} bytes. */
    private void say(String text, int step) {
        for (int at = 0; at < text.length() && backend.isOpen(); at += step) {
            String part = text.substring(at, Math.min(at + step, text.length()));
            backend.write(Unpooled.copiedBuffer(part, ISO_8859_1), backend.voidPromise());
            backend.flush();
        }
    }

    private String toServer() {
        StringBuilder text = new StringBuilder();
        for (ByteBuf bytes = backend.readOutbound(); bytes != null; bytes = backend.readOutbound()) {
            text.append(bytes.toString(ISO_8859_1));
            bytes.release();
        }
        return text.toString();
    }

    private String toClient() {
        StringBuilder text = new StringBuilder();
        for (ByteBuf bytes = backend.readInbound(); bytes != null; bytes = backend.readInbound()) {
            text.append(bytes.toString(ISO_8859_1));
            bytes.release();
        }
        return text.toString();
    }

    private Outcome outcome(boolean mustShow, boolean guard, String said, int step) {
        open(mustShow, guard);
        say(said, step);
        return new Outcome(
                toServer(), toClient(), backend.pipeline().get(CommandFilter.class) != null, backend.isOpen());
    }

    static Stream<Arguments> openings() {
        String setInfo = array("CLIENT", "SETINFO", "lib-name", "x");
        return Stream.of(
                Arguments.of("other commands", GET + GET, GET + GET, ""),
                Arguments.of("AUTH", array("AUTH", "mine") + GET, GET, "+OK\r\n"),
                Arguments.of("AUTH with user", array("auth", "me", "mine") + GET, GET, "+OK\r\n"),
                Arguments.of("a wrong AUTH", array("Auth", "me", "x") + GET, GET, WRONG),
                Arguments.of("two", array("AUTH", "x") + array("AUTH", "mine") + GET, GET, WRONG + "+OK\r\n"),
                Arguments.of(
                        "AUTH of nothing",
                        array("AUTH") + GET,
                        GET,
                        "-ERR wrong number of arguments for 'auth' command\r\n"),
                Arguments.of("HELLO", array("HELLO", "3") + GET, array("HELLO", "3") + GET, ""),
                Arguments.of("HELLO alone", array("HELLO") + GET, array("HELLO") + GET, ""),
                Arguments.of(
                        "HELLO with credentials",
                        array("hello", "3", "auth", "me", "mine") + GET,
                        array("HELLO", "3") + GET,
                        ""),
                Arguments.of(
                        "HELLO with credentials and a name",
                        array("HELLO", "2", "AUTH", "me", "mine", "SETNAME", "n") + GET,
                        array("HELLO", "2", "SETNAME", "n") + GET,
                        ""),
                Arguments.of(
                        "HELLO with a name that is a word",
                        array("HELLO", "2", "SETNAME", "AUTH", "AUTH", "me", "mine") + GET,
                        array("HELLO", "2", "SETNAME", "AUTH") + GET,
                        ""),
                Arguments.of("HELLO with wrong ones", array("HELLO", "3", "AUTH", "me", "x") + GET, GET, WRONG),
                Arguments.of(
                        "HELLO with wrong ones among right ones",
                        array("HELLO", "3", "AUTH", "me", "x", "AUTH", "me", "mine") + GET,
                        GET,
                        WRONG),
                Arguments.of(
                        "HELLO that hides credentials behind what is unknown",
                        array("HELLO", "3", "NEW", "AUTH", "me", "x") + GET,
                        array("HELLO", "3", "NEW") + GET,
                        ""),
                Arguments.of(
                        "HELLO with half of them",
                        array("HELLO", "3", "AUTH", "me") + GET,
                        array("HELLO", "3", "AUTH") + GET,
                        ""),
                Arguments.of(
                        "AUTH, then HELLO",
                        array("AUTH", "mine") + array("HELLO", "3") + GET,
                        array("HELLO", "3") + GET,
                        "+OK\r\n"),
                Arguments.of(
                        "HELLO, then AUTH, whose answer must come second",
                        array("HELLO", "3") + array("AUTH", "mine") + GET,
                        array("HELLO", "3") + SERVICE_AUTH + GET,
                        ""),
                Arguments.of(
                        "HELLO, then a wrong AUTH",
                        array("HELLO", "3") + array("AUTH", "me", "x") + GET,
                        array("HELLO", "3") + NOBODY + GET,
                        ""),
                Arguments.of(
                        "HELLO, then an AUTH of too much",
                        array("HELLO", "3") + array("AUTH", "a", "b", "c") + GET,
                        array("HELLO", "3") + array("AUTH") + GET,
                        ""),
                Arguments.of(
                        "Lettuce",
                        array("HELLO", "3", "AUTH", "me", "mine")
                                + setInfo
                                + setInfo
                                + array("CLIENT", "MAINT_NOTIFICATIONS", "on", "moving-endpoint-type", "none")
                                + GET,
                        array("HELLO", "3") + setInfo + setInfo + NO_NOTIFICATIONS + GET,
                        ""),
                Arguments.of(
                        "an opening of several commands",
                        array("SELECT", "1")
                                + array("PING")
                                + array("READONLY")
                                + array("CLIENT")
                                + array("AUTH", "x")
                                + GET,
                        array("SELECT", "1") + array("PING") + array("READONLY") + array("CLIENT") + NOBODY + GET,
                        ""),
                Arguments.of("lines", "auth mine\r\nget k\n", "get k\n", "+OK\r\n"),
                Arguments.of("quoted lines", " \"\\x41UTH\" 'me' mi\"ne\"\n\r\nGET k\r\n", "GET k\r\n", "+OK\r\n"),
                Arguments.of("HELLO as a line", "HELLO 3 AUTH me mine\r\n" + GET, array("HELLO", "3") + GET, ""),
                Arguments.of("a line that can stay", "hello 3\r\n" + GET, "hello 3\r\n" + GET, ""),
                Arguments.of("CLIENT as a line", "client maint_notifications on\r\n" + GET, NO_NOTIFICATIONS + GET, ""),
                Arguments.of("nothing", "*0\r\n*-1\r\n\r\n" + GET, "*0\r\n*-1\r\n\r\n" + GET, ""));
    }

    /** However it is cut, and whether or not the filter stays on, the same reaches the server and the client. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("openings")
    void anOpeningIsTheSameHoweverItIsCut(String name, String said, String toServer, String toClient) {
        String expected = name.equals("quoted lines") ? "\r\n" + toServer : toServer;
        for (boolean guard : new boolean[] {false, true}) {
            for (int step = 1; step <= said.length(); step++) {
                assertEquals(
                        new Outcome(expected, toClient, guard, true),
                        outcome(false, guard, said, step),
                        "by " + step + ", guard " + guard);
                assertTrue(login.allWiped());
                backend.finishAndReleaseAll();
            }
        }
    }

    @Test
    void leavesAtTheFirstOtherCommandAndPassesOnWhatFollowsUnread() {
        String later = array("AUTH", "me", "x") + "\u0000\u0001 anything";
        assertEquals(new Outcome(GET + later, "", false, true), outcome(false, false, GET + later, 1000));
        assertEquals(
                new Outcome(array("RESET") + later, "", false, true), outcome(false, false, array("RESET") + later, 3));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1 << 20})
    void aGuardJudgesLaterCommandsToo(int step) {
        String said = GET
                + array("AUTH", "me", "x")
                + array("SET", "k", array("AUTH", "x"))
                + array("AUTH", "mine")
                + array("HELLO", "2", "AUTH", "me", "x")
                + array("HELLO", "2", "AUTH", "me", "mine")
                + array("CLIENT", "MAINT_NOTIFICATIONS", "ON")
                + GET;
        String toServer = GET
                + NOBODY
                + array("SET", "k", array("AUTH", "x"))
                + SERVICE_AUTH
                + NOBODY
                + array("HELLO", "2")
                + NO_NOTIFICATIONS
                + GET;
        assertEquals(new Outcome(toServer, "", true, true), outcome(false, true, said, step));
        assertTrue(login.allWiped());
    }

    static Stream<Arguments> strangers() {
        String helloFirst = "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO"
                + " <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP"
                + " protocol version at the same time\r\n";
        return Stream.of(
                Arguments.of(GET + array("AUTH", "mine") + GET, GET, NOAUTH + "+OK\r\n"),
                Arguments.of(array("AUTH", "x") + GET, "", WRONG + NOAUTH),
                Arguments.of("GET k\r\n\r\nAUTH mine\r\nGET k\r\n", "GET k\r\n", NOAUTH + "+OK\r\n"),
                Arguments.of(array("HELLO", "3") + GET, "", helloFirst + NOAUTH),
                Arguments.of(array("HELLO", "3", "AUTH", "me", "x") + GET, "", WRONG + NOAUTH),
                Arguments.of(array("HELLO", "3", "AUTH", "me", "mine") + GET, array("HELLO", "3") + GET, ""),
                Arguments.of(array("RESET") + array("PING") + array("CLIENT", "ID"), "", NOAUTH + NOAUTH + NOAUTH),
                Arguments.of(array("CLIENT", "MAINT_NOTIFICATIONS", "ON") + "*0\r\n", "", NOAUTH));
    }

    @ParameterizedTest
    @MethodSource("strangers")
    void whoMustShowCredentialsIsServedOnlyThen(String said, String toServer, String toClient) {
        for (boolean guard : new boolean[] {false, true}) {
            for (int step = 1; step <= said.length(); step++) {
                Outcome outcome = outcome(true, guard, said, step);
                assertEquals(toServer, outcome.toServer, "by " + step);
                assertEquals(toClient, outcome.toClient, "by " + step);
                backend.finishAndReleaseAll();
            }
        }
    }

    @Test
    void aStrangerMaySendLittle() {
        assertEquals(
                new Outcome("", "-ERR Protocol error: unauthenticated multibulk length\r\n", false, false),
                outcome(true, false, "*11\r\n", 100));
        assertEquals(
                new Outcome("", NOAUTH + "-ERR Protocol error: unauthenticated bulk length\r\n", false, false),
                outcome(true, false, "*2\r\n$3\r\nSET\r\n$16385\r\n", 100));
    }

    @Test
    void aStrangerWhoReadsNoAnswersIsLeft() {
        client.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1, 2));
        client.write(Unpooled.copiedBuffer("unread", ISO_8859_1));
        assertFalse(client.isWritable());
        assertEquals(new Outcome("", "", false, false), outcome(true, false, GET, 100));
    }

    @Test
    void passwordsAreWiped() {
        open(false, false);
        ByteBuf whole = Unpooled.copiedBuffer(array("AUTH", "mine"), ISO_8859_1).retain();
        ByteBuf part = Unpooled.copiedBuffer("AUTH mi", ISO_8859_1).retain();
        ByteBuf rest = Unpooled.copiedBuffer("ne\r\n", ISO_8859_1).retain();
        backend.writeOutbound(whole);
        backend.writeOutbound(part);
        backend.writeOutbound(rest);
        assertEquals("+OK\r\n+OK\r\n", toClient());
        for (ByteBuf bytes : new ByteBuf[] {whole, part, rest}) {
            for (int i = 0; i < bytes.writerIndex(); i++) {
                assertEquals(0, bytes.getByte(i));
            }
            assertEquals(1, bytes.refCnt());
            bytes.release();
        }
        assertEquals(2, user.judged().size());
        user.judged().forEach(password -> assertEquals("\0\0\0\0", new String(password, ISO_8859_1)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET k v\r\n",
                "post /\r\n",
                "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "OPTIONS / HTTP/1.1\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "Host: localhost\r\nSET k v\r\n",
                "hoSt:\r\n",
                "*2\r\n$4\r\nPOST\r\n$1\r\n/\r\n",
                "*1\r\n$5\r\nHost:\r\n"
            })
    void httpIsClosedBeforeAnythingReachesTheServer(String said) {
        for (boolean mustShow : new boolean[] {false, true}) {
            for (int step = 1; step <= said.length(); step++) {
                assertEquals(new Outcome("", "", false, false), outcome(mustShow, false, said, step));
            }
        }
        assertEquals(new Outcome(GET, "", false, false), outcome(false, true, GET + said, 1000));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "*x\\r\\n | invalid multibulk length",
                "*\\n | invalid multibulk length",
                "*01\\r\\n | invalid multibulk length",
                "*-0\\r\\n | invalid multibulk length",
                "*+1\\r\\n | invalid multibulk length",
                "*1\\n$4\\r\\nPING\\r\\n | invalid multibulk length",
                "*1111111111111111111\\r\\n | invalid multibulk length",
                "*0000000000000000000000000000001 | invalid multibulk length",
                "*1\\r\\n$-1\\r\\n | invalid bulk length",
                "*2\\r\\n$4\\r\\nAUTH\\r\\n$-1\\r\\n | invalid bulk length",
                "*1\\r\\n$04\\r\\n | invalid bulk length",
                "*1\\r\\n$ 4\\r\\n | invalid bulk length",
                "*1\\r\\n:4\\r\\n | expected '$'",
                "*17\\r\\n$4\\r\\nAUTH\\r\\n | too many arguments",
                "*1000000000\\r\\n$5\\r\\nHELLO\\r\\n | too many arguments",
                "*2\\r\\n$4\\r\\nAUTH\\r\\n$999999999999999999\\r\\n | too big a request",
                "*1\\r\\n$5\\r\\nAUTH\\0\\r\\n | NUL in the name of a command",
                "*1\\r\\n$50\\r\\nAUTH\\023456789012345678901234 | NUL in the name of a command",
                "*2\\r\\n$6\\r\\nCLIENT\\r\\n$20\\r\\nMAINT_NOTIFICATIONS\\0\\r\\n | NUL in the name of a command",
                "*3\\r\\n$5\\r\\nHELLO\\r\\n$1\\r\\n3\\r\\n$5\\r\\nAUTH\\0\\r\\n | NUL in an option of HELLO",
                "A\\0UTH x\\r\\n | control character in a line",
                "RESET\\f\\r\\n | control character in a line",
                "PING\\rRESET\\r\\n | control character in a line",
                "\"AUTH\\x00\" x\\r\\n | NUL in the name of a command",
                "AUTH \"x\\r\\n | unbalanced quotes in request",
                "AUTH 'x'y\\r\\n | unbalanced quotes in request"
            })
    void whatNoClientSendsIsRefused(String escaped, String error) {
        String said = escaped.replace("\\r", "\r")
                .replace("\\n", "\n")
                .replace("\\0", "\0")
                .replace("\\f", "\f");
        for (int step = 1; step <= said.length(); step++) {
            assertEquals(
                    new Outcome("", "-ERR Protocol error: " + error + "\r\n", false, false),
                    outcome(false, true, said, step));
        }
        Outcome later = outcome(false, true, GET + said, 1000);
        assertEquals("", later.toClient, "an answer may be under way, which no text must cut");
        assertFalse(later.open);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "*2\r\n$4\r\nAUTH\r\n$65537\r\n"})
    void holdsAtMost64KiB(String begin) {
        open(false, true);
        int said = 0;
        say(begin, 1000);
        for (; backend.isOpen() && said < 1 << 20; said += 1000) {
            say("x".repeat(1000), 1000);
        }
        assertFalse(backend.isOpen());
        assertTrue(said <= 66_000, said + " bytes");
        assertEquals("-ERR Protocol error: too big a request\r\n", toClient());
    }

    /** A payload passes in the buffers it came in, however long it is. */
    @Test
    void payloadsAreNeitherHeldNorCopied() {
        open(false, true);
        say("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$268435456\r\n", 1000);
        toServer();
        for (int i = 0; i < 256; i++) {
            ByteBuf payload = Unpooled.buffer(1 << 20).writeZero(1 << 20);
            backend.writeOutbound(payload);
            assertEquals(payload, backend.readOutbound(), "the buffer itself");
            assertNull(backend.readOutbound());
            payload.release();
        }
        say("\r\n" + array("AUTH", "x") + GET, 1000);
        assertEquals("\r\n" + NOBODY + GET, toServer());
    }

    @Test
    void noInputDoesMoreThanClose() {
        Random random = new Random(7);
        String[] pieces = {
            "*",
            "$",
            "\r\n",
            "\r\n",
            "1",
            "2",
            "3",
            "4",
            "5",
            "-",
            "AUTH",
            "HELLO",
            "RESET",
            "CLIENT",
            "mine",
            " ",
            "\"",
            "\0",
            "GET",
            "*2\r\n$4\r\nAUTH\r\n",
            "$4\r\nmine\r\n"
        };
        int closed = 0;
        int passed = 0;
        for (int round = 0; round < 4_000; round++) {
            StringBuilder said = new StringBuilder();
            for (int i = random.nextInt(12); i >= 0; i--) {
                said.append(pieces[random.nextInt(pieces.length)]);
            }
            boolean mustShow = random.nextBoolean();
            Outcome outcome = outcome(mustShow, true, said.toString(), 1 + random.nextInt(8));
            closed += outcome.open ? 0 : 1;
            passed += outcome.toServer.isEmpty() ? 0 : 1;
            backend.finishAndReleaseAll();
        }
        assertTrue(closed > 200 && passed > 200, closed + " closed, " + passed + " passed");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 1 << 20})
    void aResetIsFollowedByALoginBeforeAnythingElse(int step) {
        open(false, true);
        say(GET + array("RESET") + GET + array("AUTH", "x") + "\r\n", step);
        String sent = toServer();
        assertTrue(sent.startsWith(GET + array("RESET") + "*1\r\n$43\r\nambassador-"), sent);
        String unknown = sent.substring(sent.indexOf("ambassador-"), sent.length() - 2);

        String forged = "-ERR unknown command 'ambassador-00000000000000000000000000000000'\r\n+OK\r\n";
        String before = "$5\r\nvalue\r\n+RESET\r\n" + forged + "+RESET\r\n";
        hear(before + "-ERR unknown command '" + unknown + "', with args beginning with: \r\n", step);
        assertEquals(before, toClient());
        assertEquals(SERVICE_AUTH, toServer(), "and nothing before the answer to it");

        hear("+OK\r\n", step);
        assertEquals("", toClient());
        assertEquals(GET + NOBODY + "\r\n", toServer());
        assertTrue(login.allWiped());
        hear("$1\r\nx\r\n", step);
        assertEquals("$1\r\nx\r\n", toClient());
        assertNotNull(backend.pipeline().get(CommandFilter.class));
    }

    @Test
    void resetsMayFollowEachOther() {
        open(false, true);
        say(array("RESET") + array("RESET", "x") + GET, 1000);
        for (int i = 0; i < 2; i++) {
            String sent = toServer();
            assertTrue(sent.startsWith(array("RESET") + "*1\r\n$43\r\n"), sent);
            hear(
                    "+RESET\r\n-ERR unknown command `"
                            + sent.substring(sent.indexOf("ambassador-")).strip() + "`\r\n",
                    9);
            assertEquals("+RESET\r\n", toClient());
            assertEquals(SERVICE_AUTH, toServer());
            hear("+OK\r\n", 9);
        }
        assertEquals(GET, toServer());
    }

    /** As after RESET at a server; what it is told comes after all that the server has said. */
    @Test
    void whoMustShowCredentialsMustShowThemAgainAfterAReset() {
        open(true, true);
        say(array("AUTH", "mine") + GET + array("RESET") + GET + array("AUTH", "mine") + GET, 1000);
        String sent = toServer();
        assertEquals("+OK\r\n", toClient());
        hear(
                "+RESET\r\n-ERR unknown command '"
                        + sent.substring(sent.indexOf("ambassador-")).strip() + "'\r\n",
                1000);
        assertEquals("+RESET\r\n", toClient());
        assertEquals(SERVICE_AUTH, toServer());
        hear("+OK\r\n", 1000);
        assertEquals(NOAUTH + "+OK\r\n", toClient());
        assertEquals(GET, toServer());
    }

    @Test
    void whoCannotBeLoggedInAgainIsClosed() {
        open(false, true);
        say(array("RESET") + GET, 1000);
        String sent = toServer();
        hear(
                "+RESET\r\n-ERR unknown command '"
                        + sent.substring(sent.indexOf("ambassador-")).strip() + "'\r\n",
                1000);
        toServer();
        hear("-WRONGPASS s3cret\r\n", 1000);
        assertEquals("+RESET\r\n-ERR ambassador: the login after RESET failed\r\n", toClient());
        assertEquals("", toServer());
        assertFalse(backend.isOpen());
    }

    /** What a client sends meanwhile counts as unwritten, so that it is read no further. */
    @Test
    void aResetHoldsTheClientBack() {
        open(false, true);
        say(array("RESET"), 1000);
        assertTrue(backend.isWritable());
        say("x".repeat(100_000), 100_000);
        assertFalse(backend.isWritable());
        backend.close();
        assertFalse(backend.isOpen());
    }

    /** Copies what holds a password, as a socket would: it is wiped as soon as it is written. */
    private static final class Wire extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ByteBuf bytes = (ByteBuf) message;
            if (bytes.readableBytes() < 100) {
                ctx.write(bytes.copy(), promise);
                bytes.release();
            } else {
                ctx.write(bytes, promise);
            }
        }
    }

    /** A session that adopts a connection logged in beforehand does all that one does that logged in for itself. */
    @Test
    void aClientOfAWarmConnectionIsLookedAtToo() {
        RedisProtocol protocol = new RedisProtocol(true);
        RedisSession session = (RedisSession) protocol.open(new OneUser(false));
        Session warm = protocol.openWarm(session.warmKey());
        warm.login(client.eventLoop().newPromise(), login);
        session.adopt(warm);
        backend = new EmbeddedChannel();
        session.ready(client, backend);
        say(GET + array("AUTH", "me", "x"), 1000);
        assertEquals(GET + NOBODY, toServer());
        assertNull(protocol.open(new TestClient(false)).warmKey());
    }

    @Test
    void withoutCredentialsNothingIsLookedAt() {
        backend = new EmbeddedChannel();
        new RedisProtocol(true).open(new TestClient(false)).ready(client, backend);
        say(array("AUTH", "me", "x") + "POST /\r\n", 5);
        assertEquals(array("AUTH", "me", "x") + "POST /\r\n", toServer());
    }

    private void hear(String text, int step) {
        for (int at = 0; at < text.length(); at += step) {
            String part = text.substring(at, Math.min(at + step, text.length()));
            backend.writeInbound(Unpooled.copiedBuffer(part, ISO_8859_1));
        }
    }
}
