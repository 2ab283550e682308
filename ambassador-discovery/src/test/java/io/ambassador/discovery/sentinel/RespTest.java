package io.ambassador.discovery.sentinel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.CorruptedFrameException;
import java.util.List;
import org.junit.jupiter.api.Test;

class RespTest {
    private static final String ALL = "*6\r\n+OK\r\n-ERR no\r\n:12\r\n$5\r\nh\r\nlo\r\n$-1\r\n*2\r\n$0\r\n\r\n*-1\r\n";

    @Test
    void readsEveryKind() {
        assertEquals(
                List.of("OK", new Resp.Failure("ERR no"), 12L, "h\r\nlo", Resp.NIL, List.of("", Resp.NIL)), read(ALL));
    }

    @Test
    void takesNothingUntilAllHasCome() {
        for (int i = 0; i < ALL.length(); i++) {
            ByteBuf part = Unpooled.copiedBuffer(ALL.substring(0, i), UTF_8);
            assertSame(Resp.INCOMPLETE, Resp.read(part), "of " + i + " bytes");
            assertEquals(0, part.readerIndex());
        }
    }

    @Test
    void takesOneReplyAtATime() {
        ByteBuf two = Unpooled.copiedBuffer("+one\r\n+two\r\n", UTF_8);
        assertEquals("one", Resp.read(two));
        assertEquals("two", Resp.read(two));
    }

    @Test
    void refusesWhatIsNoRespOrTooMuch() {
        for (String wrong : List.of(
                "HTTP/1.1 400 Bad Request\r\n",
                "\r\n",
                ":12a\r\n",
                "$99999999999\r\n",
                "*1000000\r\n",
                "*1\r\n".repeat(9),
                "+" + "a".repeat(5000))) {
            assertThrows(CorruptedFrameException.class, () -> read(wrong), wrong);
        }
    }

    @Test
    void writesCommands() {
        assertEquals(
                "*2\r\n$4\r\nAUTH\r\n$3\r\n\u00e4b\r\n",
                Resp.command("AUTH".getBytes(UTF_8), "\u00e4b".getBytes(UTF_8)).toString(UTF_8));
    }

    private static Object read(String text) {
        return Resp.read(Unpooled.copiedBuffer(text, UTF_8));
    }
}
