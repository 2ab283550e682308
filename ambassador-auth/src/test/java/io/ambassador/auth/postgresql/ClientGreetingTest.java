package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.ambassador.testkit.PgClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientGreetingTest {
    private static final byte[] SSL = PgClient.untyped(PgClient.SSL_REQUEST);
    private static final byte[] GSS = PgClient.untyped(PgClient.GSSENC_REQUEST);
    private static final byte[] STARTUP = PgClient.startup("user", "whoever", "database", "shop");
    private static final byte[] QUERY = PgClient.query("SELECT 1");
    private static final byte[] CLIENT_HELLO = {0x16, 3, 1, 0, 5};

    /** What a service allows its clients, and what it was asked. */
    private static final class Clients implements Client {
        private boolean loggedInFor = true;
        private boolean offersTls;
        private boolean requiresTls;
        private boolean mustShow;
        private Promise<Void> tls;
        private String shown = "";

        @Override
        public boolean isLoggedInFor() {
            return loggedInFor;
        }

        @Override
        public boolean offersTls() {
            return offersTls;
        }

        @Override
        public boolean requiresTls() {
            return requiresTls;
        }

        @Override
        public Future<Void> startTls(ChannelHandlerContext ctx) {
            tls = ctx.executor().newPromise();
            return tls;
        }

        @Override
        public boolean mustShowCredentials() {
            return mustShow;
        }

        @Override
        public boolean accepts(String username, byte[] password) {
            shown = username + ":" + new String(password, UTF_8);
            return shown.equals("whoever:right");
        }
    }

    private final Clients clients = new Clients();
    private Session session;
    private Promise<Void> greeted;

    private EmbeddedChannel open() {
        return open(new InetSocketAddress("127.0.0.1", 1));
    }

    private EmbeddedChannel open(InetSocketAddress address) {
        EmbeddedChannel channel = new EmbeddedChannel() {
            @Override
            protected SocketAddress remoteAddress0() {
                return isActive() ? address : null;
            }
        };
        session = new PostgresqlProtocol(new PostgresqlConfig(null, Set.of("search_path"), LoginRules.DEFAULT))
                .open(clients);
        greeted = channel.eventLoop().newPromise();
        channel.pipeline().addLast(session.greeting(greeted));
        return channel;
    }

    private static void write(EmbeddedChannel channel, byte[]... parts) {
        channel.writeInbound(Unpooled.copiedBuffer(Backend.join(parts)));
    }

    private static String read(EmbeddedChannel channel, boolean inbound) {
        StringBuilder all = new StringBuilder();
        for (ByteBuf part; (part = inbound ? channel.readInbound() : channel.readOutbound()) != null; ) {
            all.append(part.toString(UTF_8));
            part.release();
        }
        return all.toString();
    }

    /** The code and text that the client is refused with. */
    private String refused() {
        assertFalse(greeted.isSuccess());
        assertTrue(greeted.isDone());
        ByteBuf told = session.refusal(
                new Refusal(Refusal.Kind.DRAINING, "c0ffee", "not served"), UnpooledByteBufAllocator.DEFAULT);
        String text = told.toString(UTF_8);
        told.release();
        return text.replaceAll("(?s).*\0C(.{5})\0Mambassador: (.*) \\(id c0ffee\\)\0\0", "$1 $2");
    }

    @Test
    void readsAnOpeningHoweverItIsCutAndLeavesTheRest() {
        byte[] all = Backend.join(SSL, GSS, STARTUP, QUERY);
        for (int cut = 0; cut <= all.length; cut++) {
            EmbeddedChannel channel = open();
            write(channel, Arrays.copyOf(all, cut));
            write(channel, Arrays.copyOfRange(all, cut, all.length));
            assertGreeted(channel);
        }
        EmbeddedChannel channel = open();
        for (byte one : all) {
            write(channel, new byte[] {one});
        }
        assertGreeted(channel);
        EmbeddedChannel reversed = open();
        write(reversed, GSS, SSL, STARTUP, QUERY);
        assertGreeted(reversed);
    }

    private void assertGreeted(EmbeddedChannel channel) {
        assertTrue(greeted.isSuccess());
        assertEquals("NN", read(channel, false));
        assertEquals(new String(QUERY, UTF_8), read(channel, true));
        assertInstanceOf(Startup.class, session.warmKey());
        channel.finishAndReleaseAll();
    }

    @Test
    void startsTlsWhereItIsOffered() {
        clients.offersTls = true;
        clients.requiresTls = true;
        EmbeddedChannel channel = open();
        write(channel, GSS);
        write(channel, SSL);
        assertEquals("NS", read(channel, false));
        assertFalse(greeted.isDone());
        clients.tls.setSuccess(null);
        write(channel, STARTUP);
        assertTrue(greeted.isSuccess());
        channel.finishAndReleaseAll();
    }

    @Test
    void dropsAClientThatSendsPlainTextWhereTlsIsToBegin() {
        clients.offersTls = true;
        EmbeddedChannel channel = open();
        write(channel, SSL, STARTUP);
        assertFalse(greeted.isSuccess());
        assertNull(clients.tls);
        assertFalse(channel.isOpen());

        EmbeddedChannel later = open();
        write(later, SSL);
        write(later, STARTUP);
        assertFalse(greeted.isSuccess());
        assertFalse(later.isOpen());
        channel.finishAndReleaseAll();
        later.finishAndReleaseAll();
    }

    @Test
    void beginsTlsAtOnceWhereAClientDoes() {
        EmbeddedChannel channel = encryptedAtOnce();
        write(channel, STARTUP);
        assertTrue(greeted.isSuccess());
        channel.finishAndReleaseAll();
    }

    @Test
    void beginsNoTlsWithinTls() {
        EmbeddedChannel channel = encryptedAtOnce();
        write(channel, CLIENT_HELLO);
        assertEquals("08P01 invalid length of startup packet", refused());
        channel.finishAndReleaseAll();
    }

    private EmbeddedChannel encryptedAtOnce() {
        clients.offersTls = true;
        EmbeddedChannel channel = open();
        channel.pipeline().addFirst(new io.netty.channel.ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                if (clients.tls == null) {
                    ctx.fireChannelRead(message);
                } else {
                    assertEquals(Unpooled.wrappedBuffer(CLIENT_HELLO), message);
                    ((ByteBuf) message).release();
                    clients.tls.setSuccess(null);
                }
            }
        });
        write(channel, CLIENT_HELLO);
        assertTrue(clients.tls.isSuccess());
        channel.pipeline().removeFirst();
        return channel;
    }

    @Test
    void refusesPlainTextWhereTlsIsRequired() {
        clients.offersTls = true;
        clients.requiresTls = true;
        EmbeddedChannel channel = open();
        write(channel, STARTUP);
        assertEquals("28000 TLS is required", refused());
        channel.finishAndReleaseAll();
    }

    @Test
    void refusesWhatIsNoOpening() {
        Map<String, byte[]> openings = new LinkedHashMap<>();
        openings.put("08P01 invalid length of startup packet", "GET / HTTP/1.1\r\n\r\n".getBytes(UTF_8));
        openings.put(
                "0A000 unsupported frontend protocol 2.0",
                ByteBuffer.allocate(8).putInt(8).putInt(2 << 16).array());
        openings.put(
                "08P01 invalid startup packet layout",
                ByteBuffer.allocate(12)
                        .putInt(12)
                        .putInt(3 << 16)
                        .putInt(0x41424344)
                        .array());
        openings.put("28000 no user name specified in startup packet", PgClient.startup("database", "shop"));
        openings.put("08P01 unexpected request for TLS", Backend.join(SSL, SSL));
        openings.put("08P01 unexpected request for GSS encryption", Backend.join(GSS, GSS));
        openings.forEach((expected, opening) -> {
            EmbeddedChannel channel = open();
            write(channel, opening);
            assertEquals(expected, refused());
            channel.finishAndReleaseAll();
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 10_001, -1, Integer.MAX_VALUE})
    void refusesLengthsThatServersRefuse(int length) {
        EmbeddedChannel channel = open();
        write(channel, ByteBuffer.allocate(4).putInt(length).array());
        assertEquals("08P01 invalid length of startup packet", refused());
        channel.finishAndReleaseAll();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"options", "replication", "session_authorization", "role", "work_mem", "User", "s\u00fc\r\nMsg"})
    void refusesParametersThatAreNotAllowedByName(String name) {
        EmbeddedChannel channel = open();
        write(channel, PgClient.startup("user", "whoever", name, "x"));
        String shown = name.replaceAll("[^A-Za-z_]", "?").replace("s?", "s??");
        assertEquals(
                "42501 the startup parameter \"" + shown
                        + "\" is not allowed; the service's postgresql.startup-parameters can allow it",
                refused());
        channel.finishAndReleaseAll();
    }

    @ParameterizedTest
    @ValueSource(strings = {"DateStyle", "TimeZone", "CLIENT_ENCODING", "application_name", "search_path", "_pq_.x"})
    void letsHarmlessAndAllowedParametersThrough(String name) {
        EmbeddedChannel channel = open();
        write(channel, PgClient.startup("user", "whoever", name, "x"));
        assertEquals("x", ((Startup) session.warmKey()).parameters().get(name));
        channel.finishAndReleaseAll();
    }

    @Test
    void namesTheDatabaseThatTheServerWouldTakeTheUsersNameFor() {
        EmbeddedChannel channel = open();
        write(channel, PgClient.startup("user", "whoever"));
        assertEquals("whoever", ((Startup) session.warmKey()).parameters().get("database"));
        channel.finishAndReleaseAll();
    }

    @Test
    void asksForAPasswordWhereClientsMustShowOne() {
        clients.mustShow = true;
        EmbeddedChannel channel = open();
        write(channel, STARTUP);
        assertEquals("R\0\0\0\b\0\0\0\3", read(channel, false));
        byte[] answer = PgClient.typed('p', Backend.text("right"));
        ByteBuf bytes = Unpooled.copiedBuffer(answer);
        bytes.retain();
        channel.writeInbound(bytes);
        assertTrue(greeted.isSuccess());
        for (int i = 0; i < answer.length; i++) {
            assertEquals(0, bytes.getByte(i), "wiped");
        }
        bytes.release();
        channel.finishAndReleaseAll();

        EmbeddedChannel wrong = open();
        write(wrong, STARTUP, PgClient.typed('p', Backend.text("wrong")));
        assertEquals("28P01 the password is not accepted", refused());
        wrong.finishAndReleaseAll();

        EmbeddedChannel query = open();
        write(query, STARTUP, QUERY);
        assertEquals("08P01 expected a password", refused());
        query.finishAndReleaseAll();
    }

    @Test
    void asksForNoPasswordThatOthersCouldRead() {
        clients.mustShow = true;
        EmbeddedChannel channel = open(new InetSocketAddress("192.0.2.1", 1));
        write(channel, STARTUP, PgClient.typed('p', Backend.text("right")));
        assertEquals("", read(channel, false));
        assertTrue(refused().startsWith("28000 a password is wanted, which may only be sent over TLS"), refused());
        assertEquals("", clients.shown);
        channel.finishAndReleaseAll();
    }

    @Test
    void changesNothingWithoutCredentials() {
        clients.loggedInFor = false;
        EmbeddedChannel channel = open();
        write(channel, PgClient.startup("user", "whoever", "options", "-c x=y"));
        assertTrue(greeted.isSuccess());
        assertNull(session.warmKey());
        EmbeddedChannel backend = new EmbeddedChannel();
        backend.pipeline()
                .addLast(session.login(
                        backend.eventLoop().newPromise(), new io.ambassador.testkit.TestLogin(null, "unused")));
        assertEquals(new String(PgClient.startup("user", "whoever", "options", "-c x=y"), UTF_8), read(backend, false));
        channel.finishAndReleaseAll();
        backend.finishAndReleaseAll();
    }
}
