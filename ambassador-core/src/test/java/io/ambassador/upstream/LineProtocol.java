package io.ambassador.upstream;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.spi.protocol.Session;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A protocol of lines that uses all a protocol may use. A client begins with {@code HELLO key}, perhaps after {@code
 * TLS} or {@code AUTH user password}; it hears {@code READY} when its backend has let us in. The backend begins with
 * {@code WELCOME}, perhaps after {@code ROLE primary}; it is told {@code LOGIN user secret} and answers {@code OK},
 * {@code NO}, {@code DECLINED}, {@code BUSY} or {@code SLOW}, which wants {@code SUM} worked out on another thread.
 */
final class LineProtocol implements ProtocolProvider<LineProtocol.Config>, Protocol {
    record Config() {}

    /** Of a client's session: {@code HELLO} it must say, else it is served at once. */
    boolean greets = true;

    boolean negotiatesTls;
    boolean asksBackendForTls = true;
    volatile @Nullable Endpoint target;
    volatile @Nullable Supplier<ChannelHandler> guard;
    /** In the backend's pipeline, where the client's bytes are written. */
    volatile @Nullable Supplier<ChannelHandler> filter;

    volatile @Nullable Object commonWarmKey;
    /** The calls of a session that throw. */
    final Set<String> defects = ConcurrentHashMap.newKeySet();

    final List<String> threads = new CopyOnWriteArrayList<>();
    final List<Long> versions = new CopyOnWriteArrayList<>();
    final List<String> adopted = new CopyOnWriteArrayList<>();
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger ended = new AtomicInteger();
    final AtomicInteger endedTwice = new AtomicInteger();
    final AtomicInteger warmed = new AtomicInteger();

    @Override
    public String type() {
        return "line";
    }

    @Override
    public Config parse(Settings settings) {
        return new Config();
    }

    @Override
    public Protocol create(Config config) {
        return this;
    }

    @Override
    public boolean injectsCredentials() {
        return true;
    }

    @Override
    public Session open(Client client) {
        opened.incrementAndGet();
        return new LineSession(client, commonWarmKey);
    }

    @Override
    public Session openWarm(Object key) {
        warmed.incrementAndGet();
        opened.incrementAndGet();
        return new LineSession(null, key);
    }

    @Override
    public @Nullable Object commonWarmKey() {
        return commonWarmKey;
    }

    @Override
    public boolean negotiatesTls() {
        return negotiatesTls;
    }

    private final class LineSession implements Session {
        private final @Nullable Client client;
        private @Nullable Object key;
        private int ends;

        private void perhapsThrow(String call) {
            if (defects.contains(call)) {
                throw new IllegalStateException("a defect in " + call);
            }
        }

        LineSession(@Nullable Client client, @Nullable Object key) {
            this.client = client;
            this.key = key;
        }

        @Override
        public @Nullable Handshake<Void> greeting(Promise<Void> greeted) {
            perhapsThrow("greeting");
            return greets ? new Greeting(greeted) : null;
        }

        @Override
        public @Nullable Endpoint target() {
            return target;
        }

        @Override
        public @Nullable Object warmKey() {
            return key;
        }

        @Override
        public @Nullable Handshake<Void> login(Promise<Void> ready, Login login) {
            return login.hasSecret() ? new LineLogin(ready, login, key) : null;
        }

        @Override
        public void adopt(Session warm) {
            perhapsThrow("adopt");
            LineSession other = (LineSession) warm;
            if (other.ends > 0) {
                throw new IllegalStateException("adopted a session that has ended");
            }
            adopted.add(String.valueOf(other.key));
            opened.decrementAndGet(); // this one ends for both
        }

        @Override
        public void ready(Channel clientChannel, Channel backend) {
            Supplier<ChannelHandler> handler = guard;
            if (handler != null) {
                clientChannel.pipeline().addBefore("relay", "guard", handler.get());
            }
            Supplier<ChannelHandler> filtering = filter;
            if (filtering != null) {
                backend.pipeline().addLast("filter", filtering.get());
            }
            if (client != null && client.isLoggedInFor() && greets) {
                clientChannel.write(Unpooled.copiedBuffer("READY\n", UTF_8));
            }
            perhapsThrow("ready");
        }

        @Override
        public ByteBuf refusal(Refusal refusal, ByteBufAllocator allocator) {
            perhapsThrow("refusal");
            return Unpooled.copiedBuffer(
                    "ERR " + refusal.kind() + " " + refusal.correlationId() + " " + refusal.message() + "\n", UTF_8);
        }

        @Override
        public void ended() {
            if (ends++ > 0) {
                endedTwice.incrementAndGet();
            }
            ended.incrementAndGet();
            perhapsThrow("ended");
        }

        private final class Greeting extends Handshake<Void> {
            private boolean shown;

            Greeting(Promise<Void> greeted) {
                super(greeted);
            }

            @Override
            protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws CredentialException {
                String line = line(in);
                Client asks = client;
                if (line == null || asks == null) {
                    return;
                }
                if (line.equals("TLS") && asks.offersTls()) {
                    ctx.writeAndFlush(Unpooled.copiedBuffer("GO\n", UTF_8));
                    var started = asks.startTls(ctx);
                    started.addListener(done -> {
                        if (!done.isSuccess()) {
                            ctx.pipeline().fireExceptionCaught(done.cause());
                        }
                    });
                } else if (line.equals("TLS")) {
                    ctx.writeAndFlush(Unpooled.copiedBuffer("STAY\n", UTF_8));
                } else if (line.startsWith("AUTH ")) {
                    String[] words = line.split(" ");
                    if (!asks.accepts(words[1], words[2].getBytes(UTF_8))) {
                        throw new LoginException(LoginException.Kind.REFUSED, "the client's password is wrong");
                    }
                    shown = true;
                } else if (line.startsWith("HELLO ")) {
                    if (asks.mustShowCredentials() && !shown) {
                        throw new LoginException(LoginException.Kind.REFUSED, "the client shows no credentials");
                    }
                    if (asks.requiresTls() && ctx.pipeline().get("tls") == null) {
                        throw new LoginException(LoginException.Kind.REFUSED, "the client must use TLS");
                    }
                    key = line.substring(6);
                    succeed(ctx, null);
                } else {
                    throw new LoginException(LoginException.Kind.PROTOCOL, "the client did not say HELLO");
                }
            }
        }
    }

    private final class LineLogin extends Handshake<Void> {
        private final Login login;
        private final @Nullable Object key;

        LineLogin(Promise<Void> ready, Login login, @Nullable Object key) {
            super(ready);
            this.login = login;
            this.key = key;
        }

        @Override
        protected void begin(ChannelHandlerContext ctx) {
            if (login.tlsPending() && asksBackendForTls) {
                ctx.writeAndFlush(Unpooled.copiedBuffer("TLS\n", UTF_8));
            }
        }

        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws CredentialException {
            String line = line(in);
            if (line == null) {
                return;
            }
            switch (line) {
                case "GO" ->
                    login.startTls(ctx).addListener(done -> {
                        if (!done.isSuccess()) {
                            fail(ctx, done.cause());
                        }
                    });
                case "ROLE primary" -> login.serverRole(ServerRole.PRIMARY);
                case "ROLE replica" -> login.serverRole(ServerRole.REPLICA);
                case "WELCOME" -> {
                    versions.add(login.secretVersion());
                    try (Secret secret = login.secret()) {
                        String said =
                                "LOGIN " + login.username() + " " + new String(secret.reveal(), UTF_8) + " " + key;
                        ctx.writeAndFlush(Unpooled.copiedBuffer(said + "\n", UTF_8));
                    }
                }
                case "SLOW" ->
                    login.compute(ctx, () -> {
                                threads.add(Thread.currentThread().getName());
                                return 2 + 2;
                            })
                            .addListener(done -> {
                                threads.add(Thread.currentThread().getName());
                                ctx.writeAndFlush(Unpooled.copiedBuffer("SUM " + done.getNow() + "\n", UTF_8));
                            });
                case "OK" -> succeed(ctx, null);
                case "NO" -> throw new LoginException(LoginException.Kind.REFUSED, "it said NO");
                case "DECLINED" -> throw new LoginException(LoginException.Kind.DECLINED, "it said DECLINED");
                case "BUSY" -> throw new LoginException(LoginException.Kind.UNAVAILABLE, "it said BUSY");
                default -> throw new LoginException(LoginException.Kind.PROTOCOL, "it said what it may not");
            }
        }
    }

    /** The next line; {@code null} until all of it has come. */
    private static @Nullable String line(ByteBuf in) {
        int length = in.bytesBefore((byte) '\n');
        if (length < 0) {
            return null;
        }
        String line = in.readCharSequence(length, UTF_8).toString();
        in.skipBytes(1);
        return line;
    }
}
