package io.ambassador.spi.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.secret.CredentialException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.util.List;
import org.junit.jupiter.api.Test;

class HandshakeTest {
    private final Promise<String> outcome = ImmediateEventExecutor.INSTANCE.newPromise();

    /** Succeeds on {@code y}, fails on {@code n}, waits on anything else. */
    private class YesOrNo extends Handshake<String> {
        private int begun;

        YesOrNo() {
            super(outcome);
        }

        @Override
        protected void begin(ChannelHandlerContext ctx) throws CredentialException {
            begun++;
        }

        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws CredentialException {
            switch (in.readByte()) {
                case 'y' -> succeed(ctx, "yes");
                case 'n' -> throw new CredentialException("no");
                default -> {}
            }
        }
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, UTF_8);
    }

    private static String inbound(EmbeddedChannel channel) {
        StringBuilder text = new StringBuilder();
        for (ByteBuf read = channel.readInbound(); read != null; read = channel.readInbound()) {
            text.append(read.toString(UTF_8));
            read.release();
        }
        return text.toString();
    }

    @Test
    void leavesAndHandsOnWhatItDidNotConsume() {
        EmbeddedChannel channel = new EmbeddedChannel(new YesOrNo());
        channel.writeInbound(bytes("..yrest"));
        channel.writeInbound(bytes(" and more"));
        assertEquals("yes", outcome.getNow());
        assertEquals("rest and more", inbound(channel));
        assertNull(channel.pipeline().get(YesOrNo.class));
    }

    @Test
    void beginsOnceThoughTheChannelBecomesActiveAfterItWasAdded() {
        YesOrNo handshake = new YesOrNo();
        EmbeddedChannel channel = new EmbeddedChannel(handshake);
        channel.pipeline().fireChannelActive();
        assertEquals(1, handshake.begun);
        channel.close();
    }

    @Test
    void afterAFailureNothingIsReadOrHandedOn() {
        EmbeddedChannel channel = new EmbeddedChannel(new YesOrNo());
        channel.writeInbound(bytes("nyevil"));
        assertEquals("no", outcome.cause().getMessage());
        assertFalse(channel.isOpen());
        assertEquals("", inbound(channel));
    }

    @Test
    void aFaultInBeginningFailsAtOnce() {
        RuntimeException fault = new IllegalStateException("fault");
        EmbeddedChannel channel = new EmbeddedChannel(new YesOrNo() {
            @Override
            protected void begin(ChannelHandlerContext ctx) {
                throw fault;
            }
        });
        assertSame(fault, outcome.cause());
        assertFalse(channel.isOpen());
    }

    @Test
    void failsWhenThePeerLeaves() {
        EmbeddedChannel channel = new EmbeddedChannel(new YesOrNo());
        channel.close();
        LoginException failure = assertInstanceOf(LoginException.class, outcome.cause());
        assertEquals(LoginException.Kind.UNAVAILABLE, failure.kind());
    }

    @Test
    void failsWhenThePeerStopsSending() {
        EmbeddedChannel channel = new EmbeddedChannel(new YesOrNo());
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertInstanceOf(LoginException.class, outcome.cause());
        assertFalse(channel.isOpen());
    }

    @Test
    void staysForAPeerThatStopsSendingAfterItsLastWord() {
        EmbeddedChannel channel = new EmbeddedChannel(new YesOrNo());
        channel.writeInbound(bytes("y"));
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertEquals("yes", outcome.getNow());
        assertTrue(channel.isOpen());
        channel.close();
    }
}
