package io.ambassador.relay;

import io.ambassador.spi.protocol.Violation;
import io.ambassador.transport.Transport;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Moves bytes between a client and a backend on one event loop. Each side is read only while the other can be written
 * to; an end of data is passed on as one, after all that came before it; a reset is passed on as a reset.
 *
 * <p>The client's side is in place from {@link #attach} on and holds what arrives early; {@link #start} adds the
 * backend's.
 * Everything here happens on the client's event loop.
 */
public final class Relay {
    /** How long what was read before a reset may take to be delivered before the reset is passed on regardless. */
    private static final long RESET_GRACE_MILLIS = 500;

    private static final long DELIVERY_CHECK_MILLIS = 2;

    private final HeldBytes held = new HeldBytes();
    private final RelaySide client;
    private final RelaySide backend;
    private final ByteCounter counter;
    private final Consumer<RelayEnd> ended;
    private final long idleNanos;
    private final long spliceAfter;
    private boolean watched;
    private long lastActivity;
    private boolean clientSpokeLast;
    private @Nullable Future<?> idleTimer;
    private @Nullable Violation violation;
    private boolean over;

    /**
     * @param idleTimeout {@code null} for none
     * @param spliceAfter how many bytes one way, without a pause, before the kernel moves them from socket to socket
     *     where it can; {@link Long#MAX_VALUE} for never
     * @param ended called once, when both channels are closing; also if the client is gone before {@link #start}
     */
    public Relay(
            Channel client,
            @Nullable Duration idleTimeout,
            long spliceAfter,
            ByteCounter counter,
            Consumer<RelayEnd> ended) {
        this.spliceAfter = spliceAfter;
        this.counter = counter;
        this.ended = ended;
        this.idleNanos = idleTimeout == null ? 0 : idleTimeout.toNanos();
        this.watched = idleNanos > 0;
        this.client = new RelaySide(this, true);
        this.backend = new RelaySide(this, false);
        this.client.channel = client;
    }

    /**
     * Puts {@code held} and {@code relay} at the end of the client's pipeline. What a protocol adds between the two
     * sees every byte from the one on that its greeting left over.
     */
    public void attach() {
        Channel channel = client.channel;
        if (channel != null) {
            channel.pipeline().addLast("held", held).addLast("relay", client);
        }
    }

    /** Begins to relay; the backend's login is done and whatever it left unread follows through its pipeline. */
    public void start(Channel backendChannel) {
        backend.channel = backendChannel;
        backendChannel.pipeline().addLast("relay", backend);
        client.peer = backend;
        backend.peer = client;
        if (idleNanos > 0) {
            lastActivity = System.nanoTime();
            scheduleIdleCheck(idleNanos);
        }
        held.letGo();
        if (!over) {
            client.begin();
            backend.begin();
        }
    }

    /** Closes both sides, with a reset so that neither takes it for the end of the data. */
    public void abort() {
        finish(RelayEnd.CLOSED, true);
    }

    /** Leaves the client to somebody else: what was held is dropped, nothing is closed and nothing told. */
    public void release() {
        over = true;
        Channel channel = client.channel;
        if (channel != null && channel.pipeline().context(held) != null) {
            channel.pipeline().remove(held);
        }
        if (channel != null && channel.pipeline().context(client) != null) {
            channel.pipeline().remove(client);
        }
    }

    boolean isOver() {
        return over;
    }

    long spliceAfter() {
        return spliceAfter;
    }

    void counted(boolean fromClient, int bytes) {
        if (fromClient) {
            counter.toBackend(bytes);
        } else {
            counter.toClient(bytes);
        }
    }

    /** {@code side} has been read. */
    void active(RelaySide side) {
        clientSpokeLast = side == client;
        stillActive();
    }

    void stillActive() {
        if (watched) {
            lastActivity = System.nanoTime();
        }
    }

    /** From here on {@link #quietNanos} can be asked. */
    public void watchActivity() {
        if (!watched) {
            watched = true;
            lastActivity = System.nanoTime();
        }
    }

    /** Since the last byte moved; 0 while a side may be waiting for an answer, or for bytes on their way. */
    public long quietNanos() {
        return clientSpokeLast || client.isWaiting() || backend.isWaiting() ? 0 : System.nanoTime() - lastActivity;
    }

    /** Whether the client has said that it will send no more. */
    public boolean clientEnded() {
        return held.hasEnded() || client.hasEnded();
    }

    void violated(Violation seen) {
        violation = seen;
    }

    /** What a handler has closed one of the sides for; {@code null} if none has. */
    public @Nullable Violation violation() {
        return violation;
    }

    /** Both directions have ended if the other one has, too. */
    void directionEnded() {
        if (client.outputShut && backend.outputShut) {
            finish(RelayEnd.COMPLETED, false);
        }
    }

    /** {@code side} broke: what it sent before is delivered to its peer, then the peer is reset. */
    void broken(RelaySide side) {
        RelayEnd end = side == client ? RelayEnd.CLIENT_RESET : RelayEnd.BACKEND_RESET;
        Channel peer = side.peer == null ? null : side.peer.channel;
        if (over || peer == null || !peer.isActive()) {
            finish(end, true);
            return;
        }
        peer.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> resetOnceDelivered(end, peer));
        peer.eventLoop().schedule(() -> finish(end, true), RESET_GRACE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void resetOnceDelivered(RelayEnd end, Channel peer) {
        if (over || Transport.isDelivered(peer)) {
            finish(end, true);
        } else {
            peer.eventLoop()
                    .schedule(() -> resetOnceDelivered(end, peer), DELIVERY_CHECK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void finish(RelayEnd end, boolean reset) {
        if (over) {
            return;
        }
        over = true;
        if (idleTimer != null) {
            idleTimer.cancel(false);
        }
        client.close();
        backend.close();
        close(client.channel, reset);
        close(backend.channel, reset);
        ended.accept(end);
    }

    private static void close(@Nullable Channel channel, boolean reset) {
        if (channel == null) {
            return;
        }
        if (reset) {
            Transport.reset(channel);
        } else {
            channel.close();
        }
    }

    private void scheduleIdleCheck(long nanos) {
        Channel channel = client.channel;
        if (channel != null) {
            idleTimer = channel.eventLoop().schedule(this::checkIdle, nanos, TimeUnit.NANOSECONDS);
        }
    }

    private void checkIdle() {
        long left = idleNanos - (System.nanoTime() - lastActivity);
        if (left <= 0) {
            finish(RelayEnd.IDLE, true);
        } else {
            scheduleIdleCheck(left);
        }
    }
}
