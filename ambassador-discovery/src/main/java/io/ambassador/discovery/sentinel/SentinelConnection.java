package io.ambassador.discovery.sentinel;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.discovery.support.net.Connector;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.secret.Secret;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A connection to a sentinel: replies come in the order of the commands. On the loop. */
final class SentinelConnection extends ByteToMessageDecoder {
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private final String sentinel;
    private final Channel channel;
    private final Queue<CompletableFuture<Object>> waiting = new ArrayDeque<>();
    private Consumer<Object> published = message -> {};
    private Consumer<DiscoveryException> lost = why -> {};
    private boolean over;

    private SentinelConnection(String sentinel, Channel channel) {
        this.sentinel = sentinel;
        this.channel = channel;
    }

    static SentinelConnection on(Channel channel, String sentinel) {
        SentinelConnection connection = new SentinelConnection(sentinel, channel);
        channel.pipeline().addLast("sentinel", connection);
        return connection;
    }

    /**
     * Sends a command.
     *
     * @return its reply, which may be an error, within 2 s; else a {@link DiscoveryException}, and the connection ends
     */
    CompletableFuture<Object> ask(String... words) {
        return send(
                Resp.command(Stream.of(words).map(word -> word.getBytes(UTF_8)).toArray(byte[][]::new)));
    }

    /** {@code AUTH}, which fails if the sentinel refuses the password. One without passwords refuses none. */
    CompletableFuture<Void> authenticate(@Nullable String username, Secret secret) {
        byte[] password = secret.reveal();
        byte[] auth = "AUTH".getBytes(UTF_8);
        ByteBuf command = username == null
                ? Resp.command(auth, password)
                : Resp.command(auth, username.getBytes(UTF_8), password);
        byte[] sent = command.array();
        Arrays.fill(password, (byte) 0);
        CompletableFuture<Object> reply = send(command);
        reply.whenComplete((any, failure) -> Arrays.fill(sent, (byte) 0));
        return reply.thenAccept(answer -> {
            if (answer instanceof Resp.Failure failure && !failure.message().contains("no password is set")) {
                throw refusal("refuses the password (" + code(failure) + ")");
            }
        });
    }

    /** Subscribes to {@code channels}; each message is handed to {@code listener}. No other command may follow. */
    CompletableFuture<Void> subscribe(Consumer<Object> listener, String... channels) {
        published = listener;
        String[] words =
                Stream.concat(Stream.of("SUBSCRIBE"), Stream.of(channels)).toArray(String[]::new);
        return ask(words).thenAccept(reply -> {
            if (reply instanceof Resp.Failure failure) {
                throw refusal("refuses SUBSCRIBE (" + code(failure) + ")");
            }
        });
    }

    /** @param listener hears why, once, on the loop, unless it is closed from here */
    void onLost(Consumer<DiscoveryException> listener) {
        lost = listener;
        if (!channel.isActive()) {
            end("closed the connection", null);
        }
    }

    void close() {
        lost = why -> {};
        channel.close();
    }

    DiscoveryException problem(String what) {
        return new DiscoveryException("sentinel " + sentinel + " " + what);
    }

    private CompletionException refusal(String what) {
        return new CompletionException(problem(what));
    }

    static String code(Resp.Failure failure) {
        String word = failure.message().split(" ", 2)[0];
        return word.matches("[A-Z]{1,20}") ? word : "an error";
    }

    private CompletableFuture<Object> send(ByteBuf command) {
        CompletableFuture<Object> reply = new CompletableFuture<>();
        if (over) {
            reply.completeExceptionally(problem("closed the connection"));
            return reply;
        }
        waiting.add(reply);
        Future<?> expiry =
                channel.eventLoop().schedule(() -> expired(reply), TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        reply.whenComplete((answer, failure) -> expiry.cancel(false));
        channel.writeAndFlush(command).addListener(written -> {
            if (!written.isSuccess()) {
                end("cannot be written to", written.cause());
            }
        });
        return reply;
    }

    private void expired(CompletableFuture<Object> reply) {
        if (!reply.isDone()) {
            end("did not answer within " + TIMEOUT.toMillis() + " ms", null);
        }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        Object reply = Resp.read(in);
        if (reply == Resp.INCOMPLETE) {
            return;
        }
        CompletableFuture<Object> asked = waiting.poll();
        if (asked != null) {
            asked.complete(reply);
        } else {
            published.accept(reply);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        super.channelInactive(ctx);
        end("closed the connection", null);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        boolean malformed = cause instanceof DecoderException;
        end(malformed ? "answers something that is no RESP" : Connector.reason(cause, "broke off"), cause);
    }

    private void end(String reason, @Nullable Throwable cause) {
        if (over) {
            return;
        }
        over = true;
        channel.close();
        DiscoveryException why = new DiscoveryException("sentinel " + sentinel + " " + reason, cause);
        CompletableFuture<Object> asked;
        while ((asked = waiting.poll()) != null) {
            asked.completeExceptionally(why);
        }
        lost.accept(why);
    }
}
