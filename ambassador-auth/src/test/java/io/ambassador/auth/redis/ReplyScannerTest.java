package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyScannerTest {
    private final ReplyScanner scanner = new ReplyScanner();

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, ISO_8859_1);
    }

    private Reply next(String text) throws LoginException {
        return scanner.next(bytes(text));
    }

    @Test
    void readsEachKindOfValue() throws Exception {
        assertEquals(new Reply('+', List.of("OK")), next("+OK\r\n"));
        assertEquals(new Reply('-', List.of("ERR no")), next("-ERR no\r\n"));
        assertEquals(new Reply(':', List.of("-42")), next(":-42\r\n"));
        assertEquals(new Reply('$', List.of("a\r\nb")), next("$4\r\na\r\nb\r\n"));
        assertEquals(new Reply('$', List.of("")), next("$0\r\n\r\n"));
        assertEquals(new Reply('$', List.of()), next("$-1\r\n"));
        assertEquals(new Reply('*', List.of()), next("*-1\r\n"));
        assertEquals(new Reply('*', List.of()), next("*0\r\n"));
        assertEquals(new Reply('*', List.of("a", "1", "b", "c")), next("*3\r\n$1\r\na\r\n*2\r\n:1\r\n+b\r\n+c\r\n"));
        assertEquals(new Reply('+', List.of("")), next("+\r\n"));
    }

    @Test
    void keepsTheFirstTextsOfALongReply() throws Exception {
        Reply reply = next("*1000\r\n" + "$300\r\n".concat("x".repeat(300)).concat("\r\n") + ":7\r\n".repeat(999));
        assertEquals(8, reply.texts().size());
        assertEquals("x".repeat(256), reply.text(0));
        assertEquals("", reply.text(8));
    }

    @Test
    void takesOneReplyAndLeavesTheRest() throws Exception {
        ByteBuf in = bytes("+PONG\r\n*1\r\n+x\r\n+rest");
        assertEquals(new Reply('+', List.of("PONG")), scanner.next(in));
        assertEquals(new Reply('*', List.of("x")), scanner.next(in));
        assertNull(scanner.next(in));
        assertEquals("+rest", in.toString(ISO_8859_1));
    }

    @Test
    void findsTheSameHoweverItIsCut() throws Exception {
        String stream = "*3\r\n$6\r\nmaster\r\n:3129659\r\n*2\r\n$-1\r\n*1\r\n$4\r\na\n\r\n\r\n-ERR x\ry\r\n+OK\r\n";
        List<Reply> whole = all(stream, stream.length());
        assertEquals(3, whole.size());
        for (int step = 1; step < stream.length(); step++) {
            assertEquals(whole, all(stream, step), "by " + step);
        }
    }

    private static List<Reply> all(String stream, int step) throws LoginException {
        ReplyScanner scanner = new ReplyScanner();
        List<Reply> replies = new ArrayList<>();
        ByteBuf in = Unpooled.buffer();
        for (int at = 0; at < stream.length(); at += step) {
            in.writeBytes(
                    stream.substring(at, Math.min(at + step, stream.length())).getBytes(ISO_8859_1));
            for (Reply reply = scanner.next(in); reply != null; reply = scanner.next(in)) {
                replies.add(reply);
                in.discardReadBytes();
            }
        }
        return replies;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 400 Bad Request\r\n",
                "\u0015\u0003\u0001",
                "%1\r\n",
                "\r\n",
                "+OK\n",
                "$x\r\n",
                "$\r\n",
                ":99999999999999999999\r\n",
                "$65537\r\n",
                "*1\r\n?\r\n",
                ":111111111111111111111111",
                "$000000000000000000000001\r\na\r\n"
            })
    void refusesWhatIsNotResp2(String text) {
        LoginException error = assertThrows(LoginException.class, () -> next(text));
        assertEquals(LoginException.Kind.PROTOCOL, error.kind());
        assertTrue(error.getMessage().startsWith("The server "), error.getMessage());
    }

    @Test
    void hintsAtWhatElseItMayBe() {
        assertEquals(
                "The server did not answer in RESP (first byte 0x15). This looks like TLS: enable tls for the service.",
                assertThrows(LoginException.class, () -> next("\u0015\u0003")).getMessage());
    }

    @Test
    void holdsAtMost64KiB() throws Exception {
        ByteBuf in = bytes("+" + "x".repeat(ReplyScanner.MAX_BYTES - 2));
        assertNull(scanner.next(in));
        in.writeByte('x');
        assertThrows(LoginException.class, () -> scanner.next(in));
        assertThrows(
                LoginException.class, () -> new ReplyScanner().next(bytes("*9999999\r\n" + ":1\r\n".repeat(20_000))));
    }

    @Test
    void noInputDoesMoreThanFail() {
        Random random = new Random(1);
        String alphabet = "+-:$*0123\r\n\r\n\r\nOKx";
        int replies = 0;
        int failures = 0;
        for (int round = 0; round < 50_000; round++) {
            StringBuilder text = new StringBuilder();
            int length = random.nextInt(24);
            for (int i = 0; i < length; i++) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                if (new ReplyScanner().next(bytes(text.toString())) != null) {
                    replies++;
                }
            } catch (LoginException e) {
                failures++;
            }
        }
        assertTrue(replies > 100 && failures > 1_000, replies + " replies, " + failures + " failures");
    }
}
