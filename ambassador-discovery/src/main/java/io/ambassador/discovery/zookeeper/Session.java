package io.ambassador.discovery.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One session on one connection, which ends with it. Requests are answered in order. On the loop.
 *
 * @see <a href="https://github.com/apache/zookeeper/blob/master/zookeeper-jute/src/main/resources/zookeeper.jute">The
 *     protocol's records</a>
 */
final class Session extends SimpleChannelInboundHandler<ByteBuf> {
    /** What the server says of its own accord. */
    interface Events {
        /** A watch on {@code path} has fired, and is gone. */
        void onEvent(String path);
    }

    /** Takes what a request is answered with; {@code body} is read before it returns. */
    interface Reply {
        /** @param error 0 or one of the {@code E_} codes */
        void take(int error, ByteBuf body);
    }

    static final int E_NO_NODE = -101;

    private static final int E_NO_AUTH = -102;
    private static final int E_AUTH_FAILED = -115;

    private static final int OP_EXISTS = 3;
    private static final int OP_GET_DATA = 4;
    private static final int OP_SYNC = 9;
    private static final int OP_PING = 11;
    private static final int OP_GET_CHILDREN = 12;
    private static final int OP_AUTH = 100;
    private static final int OP_CLOSE = -11;

    private static final int XID_EVENT = -1;
    private static final int XID_PING = -2;
    private static final int XID_AUTH = -4;

    private static final int PASSWORD_LENGTH = 16;

    /** The most that an answer may have; the children of one node are told at once. */
    private static final int MAX_FRAME = 16 << 20;

    private record Pending(int xid, Reply reply) {}

    private final Channel channel;
    private final Events events;
    private final Queue<Pending> pending = new ArrayDeque<>();
    private final CompletableFuture<Session> ready = new CompletableFuture<>();
    private final CompletableFuture<String> ended = new CompletableFuture<>();
    private byte @Nullable [] authentication;
    private boolean readOnly;
    private boolean greeted;
    private int lastXid;
    private long heardAt;
    private long timeoutNanos;
    private @Nullable ScheduledFuture<?> heart;

    private Session(Channel channel, byte @Nullable [] authentication, Events events) {
        this.channel = channel;
        this.authentication = authentication;
        this.events = events;
    }

    /**
     * Opens a session on a new connection.
     *
     * @param authentication {@code user:password}; wiped as soon as it is sent
     */
    static Session open(
            Channel channel, Duration timeout, boolean readOnly, byte @Nullable [] authentication, Events events) {
        Session session = new Session(channel, authentication, events);
        channel.pipeline()
                .addLast("frames", new LengthFieldBasedFrameDecoder(MAX_FRAME, 0, 4, 0, 4))
                .addLast("session", session);
        ByteBuf hello = channel.alloc().buffer();
        hello.writeInt(0); // length, below
        hello.writeInt(0)
                .writeLong(0)
                .writeInt(Math.toIntExact(timeout.toMillis()))
                .writeLong(0);
        Jute.writeBytes(hello, new byte[PASSWORD_LENGTH]);
        hello.writeBoolean(readOnly);
        hello.setInt(0, hello.readableBytes() - 4);
        channel.writeAndFlush(hello);
        return session;
    }

    /** Completes when requests may be sent; not at all if the session ends before. */
    CompletableFuture<Session> ready() {
        return ready;
    }

    /** Completes when there is no session any more, with the reason. */
    CompletableFuture<String> ended() {
        return ended;
    }

    /** Catches up with the ensemble's leader, so that the next reads are no older than now. */
    void sync(String path, Reply reply) {
        if (readOnly) {
            return; // there is no leader to catch up with
        }
        ByteBuf body = channel.alloc().buffer();
        Jute.writeText(body, path);
        request(OP_SYNC, body, reply);
    }

    /** Names of children; fires when one is added or removed, or the node itself. */
    void children(String path, Reply reply) {
        read(OP_GET_CHILDREN, path, reply);
    }

    /** Data; fires when it changes, or the node is removed. */
    void data(String path, Reply reply) {
        read(OP_GET_DATA, path, reply);
    }

    /** Fires when the node is made, changed or removed. */
    void exists(String path, Reply reply) {
        read(OP_EXISTS, path, reply);
    }

    /** Ends the session at the server, too. */
    void close() {
        request(OP_CLOSE, channel.alloc().buffer(0), (error, body) -> channel.close());
        channel.eventLoop().schedule(() -> channel.close(), 1, TimeUnit.SECONDS);
    }

    static String describe(int error) {
        return switch (error) {
            case E_NO_NODE -> "there is no such node";
            case E_NO_AUTH -> "this may not be read without another user and password";
            case E_AUTH_FAILED -> "user and password were refused";
            default -> "error " + error;
        };
    }

    private void read(int operation, String path, Reply reply) {
        ByteBuf body = channel.alloc().buffer();
        Jute.writeText(body, path);
        body.writeBoolean(true); // watch
        request(operation, body, reply);
    }

    private void request(int operation, ByteBuf body, Reply reply) {
        lastXid++;
        pending.add(new Pending(lastXid, reply));
        send(lastXid, operation, body);
    }

    private void send(int xid, int operation, ByteBuf body) {
        ByteBuf frame = channel.alloc().buffer(12 + body.readableBytes());
        frame.writeInt(8 + body.readableBytes())
                .writeInt(xid)
                .writeInt(operation)
                .writeBytes(body);
        body.release();
        channel.writeAndFlush(frame);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf frame) {
        heardAt = System.nanoTime();
        if (!greeted) {
            greeted = true;
            welcome(frame);
            return;
        }
        int xid = frame.readInt();
        frame.readLong(); // zxid
        int error = frame.readInt();
        if (xid == XID_EVENT) {
            frame.readInt(); // type
            frame.readInt(); // state
            events.onEvent(Jute.readText(frame));
        } else if (xid == XID_AUTH) {
            authenticated(error);
        } else if (xid != XID_PING) {
            Pending next = pending.poll();
            if (next == null || next.xid() != xid) {
                end("it answered what was not asked");
            } else {
                next.reply().take(error, frame);
            }
        }
    }

    private void welcome(ByteBuf frame) {
        frame.readInt(); // protocol version
        int timeoutMillis = frame.readInt();
        frame.readLong(); // session id
        Jute.readBytes(frame); // password to resume it with
        readOnly = frame.isReadable() && frame.readBoolean();
        if (timeoutMillis <= 0) {
            end("it opened no session");
            return;
        }
        timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        long beat = timeoutNanos / 6;
        heart = channel.eventLoop().scheduleAtFixedRate(this::beat, beat, beat, TimeUnit.NANOSECONDS);
        byte[] secret = authentication;
        authentication = null;
        if (secret == null) {
            ready.complete(this);
            return;
        }
        ByteBuf body = channel.alloc().buffer();
        body.writeInt(0);
        Jute.writeText(body, "digest");
        Jute.writeBytes(body, secret);
        Arrays.fill(secret, (byte) 0);
        send(XID_AUTH, OP_AUTH, body);
    }

    private void authenticated(int error) {
        if (error == 0) {
            ready.complete(this);
        } else {
            end(describe(error));
        }
    }

    private void beat() {
        long silent = System.nanoTime() - heardAt;
        if (silent > timeoutNanos / 3 * 2) {
            end("it has not answered for " + TimeUnit.NANOSECONDS.toMillis(silent) + " ms");
        } else {
            send(XID_PING, OP_PING, channel.alloc().buffer(0));
        }
    }

    private void end(String why) {
        byte[] secret = authentication;
        authentication = null;
        if (secret != null) {
            Arrays.fill(secret, (byte) 0);
        }
        if (heart != null) {
            heart.cancel(false);
        }
        pending.clear();
        channel.close();
        ended.complete(why);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        end(greeted ? "it closed the connection" : "it closed the connection before it opened a session");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        end(cause instanceof IOException ? String.valueOf(cause.getMessage()) : cause.toString());
    }

    @Override
    public String toString() {
        return "session at " + channel.remoteAddress();
    }

    static byte[] digest(String user, byte[] password) {
        byte[] name = (user + ":").getBytes(UTF_8);
        byte[] both = Arrays.copyOf(name, name.length + password.length);
        System.arraycopy(password, 0, both, name.length, password.length);
        Arrays.fill(password, (byte) 0);
        return both;
    }
}
