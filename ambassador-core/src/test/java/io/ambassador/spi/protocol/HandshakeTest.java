package io.ambassador.spi.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class HandshakeTest {
    private final Promise<String> outcome = ImmediateEventExecutor.INSTANCE.newPromise();

    /** Says hello, and expects a line. */
    private final class Hello extends Handshake<String> {
        Hello() {
            super(outcome);
        }

        @Override
        protected void begin(ChannelHandlerContext ctx) {
            ctx.writeAndFlush(Unpooled.copiedBuffer("hello", StandardCharsets.US_ASCII));
        }

        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
            int end = in.bytesBefore((byte) '\n');
            if (end < 0) {
                return;
            }
            String line = in.readString(end, StandardCharsets.US_ASCII);
            in.skipBytes(1);
            if (line.equals("no")) {
                throw new LoginException(LoginException.Kind.REFUSED, "refused");
            }
            succeed(ctx, line);
        }
    }

    @Test
    void leavesAndPassesOnWhatItDidNotRead() {
        EmbeddedChannel channel = new EmbeddedChannel(new Hello());

        channel.writeInbound(text("yes\nmore"));

        assertEquals("yes", outcome.getNow());
        assertNull(channel.pipeline().get(Hello.class));
        assertEquals("more", channel.<ByteBuf>readInbound().toString(StandardCharsets.US_ASCII));
        channel.finishAndReleaseAll();
    }

    /** A handler added when a connect completes is told afterwards that the channel became active. */
    @Test
    void beginsOnceWhenTheChannelIsActiveAlready() {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline().addLast(new Hello());

        channel.pipeline().fireChannelActive();

        assertEquals("hello", channel.<ByteBuf>readOutbound().toString(StandardCharsets.US_ASCII));
        assertNull(channel.readOutbound());
        channel.finishAndReleaseAll();
    }

    @Test
    void whatDecodeThrowsIsTheOutcome() {
        EmbeddedChannel channel = new EmbeddedChannel(new Hello());

        channel.writeInbound(text("no\n"));

        assertEquals("refused", outcome.cause().getMessage());
        assertFalse(channel.isOpen());
        channel.finishAndReleaseAll();
    }

    @Test
    void whatBeginThrowsIsTheOutcome() {
        EmbeddedChannel channel = new EmbeddedChannel(new Handshake<>(outcome) {
            @Override
            protected void begin(ChannelHandlerContext ctx) {
                throw new IllegalStateException("cannot begin");
            }

            @Override
            protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {}
        });

        assertEquals("cannot begin", outcome.cause().getMessage());
        assertFalse(channel.isOpen());
        channel.finishAndReleaseAll();
    }

    @Test
    void anEarlyCloseIsUnavailable() {
        EmbeddedChannel channel = new EmbeddedChannel(new Hello());

        channel.close();

        assertEquals(
                LoginException.Kind.UNAVAILABLE,
                assertInstanceOf(LoginException.class, outcome.cause()).kind());
        channel.finishAndReleaseAll();
    }

    @Test
    void anEarlyEndOfInputIsUnavailable() {
        EmbeddedChannel channel = new EmbeddedChannel(new Hello());

        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);

        assertTrue(outcome.isDone());
        assertFalse(channel.isOpen());
        channel.finishAndReleaseAll();
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }
}
