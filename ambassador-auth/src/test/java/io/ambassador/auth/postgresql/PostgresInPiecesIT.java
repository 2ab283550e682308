package io.ambassador.auth.postgresql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.auth.InPieces;
import io.ambassador.auth.InPieces.Transcript;
import io.ambassador.service.Credentials;
import io.ambassador.testkit.FaultRelay;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.PostgresServer;
import io.ambassador.testkit.PostgresServer.Method;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A session with real servers is the same, byte for byte, when every byte of it travels alone. */
class PostgresInPiecesIT {
    /** What a client may say without having heard anything: its startup, queries, and farewell. */
    private static final byte[] PIPELINED = join(
            PgClient.startup("user", Front.CLIENT_USER, "database", Front.DATABASE, "application_name", "pieces"),
            PgClient.query("SELECT current_user, 1"),
            PgClient.query("SELECT nothing"),
            PgClient.query("SELECT repeat('x', 300)"),
            PgClient.typed('X'));

    private static final String HEARD = "R0 S+ K12 Z T D C Z E Z T D C Z";

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void pipelinedQueriesAreAnsweredTheSame(Method method) throws Exception {
        Credentials credentials = Front.credentials(directory);
        try (PostgresServer server = Front.server(method).start();
                FaultRelay wire = FaultRelay.to(server.port());
                Ambassador ambassador =
                        Front.of(service -> service.credentials(credentials).health(Front.unprobed()), wire.port())) {
            Transcript whole = InPieces.session(ambassador.address(Front.SERVICE), wire, 0, PIPELINED);
            Transcript pieces = InPieces.session(ambassador.address(Front.SERVICE), wire, 1, PIPELINED);

            assertEquals(HEARD, summary(whole.toClient()));
            assertEquals(comparable(whole.toClient(), 0), comparable(pieces.toClient(), 0));
            int startup = ByteBuffer.wrap(whole.toServer()).getInt();
            assertEquals(comparable(whole.toServer(), startup), comparable(pieces.toServer(), startup));
            String queries = comparable(whole.toServer(), startup);
            int answers = method == Method.TRUST ? 0 : method == Method.SCRAM ? 2 : 1;
            assertEquals(
                    "p Q Q Q X".substring(answers == 0 ? 2 : 0).replace("p ", "p ".repeat(answers)), types(queries));
        }
    }

    /** The type of each message, with the kind of a login's and the length of a key's; reports are one. */
    private static String summary(byte[] bytes) {
        StringBuilder summary = new StringBuilder();
        for (PgClient.Message message : messages(bytes, 0)) {
            String word = message.type() == 'R'
                    ? "R" + message.number(0)
                    : message.type() == 'K' ? "K" + (message.body().length + 4) : String.valueOf(message.type());
            if (word.equals("S")) {
                word = "S+";
                if (summary.toString().endsWith("S+ ")) {
                    continue;
                }
            }
            summary.append(word).append(' ');
        }
        return summary.toString().strip();
    }

    /** Everything but what is random: keys, and proofs with their nonces, whose lengths are the same. */
    private static String comparable(byte[] bytes, int from) {
        StringBuilder all = new StringBuilder(new String(bytes, 0, from, StandardCharsets.ISO_8859_1)).append('\n');
        for (PgClient.Message message : messages(bytes, from)) {
            boolean random = message.type() == 'K' || message.type() == 'p';
            all.append(message.type())
                    .append(' ')
                    .append(random ? message.body().length : message.text())
                    .append('\n');
        }
        return all.toString();
    }

    private static String types(String comparable) {
        return comparable
                .lines()
                .skip(1)
                .map(line -> line.substring(0, 1))
                .reduce((a, b) -> a + " " + b)
                .orElse("");
    }

    private static List<PgClient.Message> messages(byte[] bytes, int from) {
        List<PgClient.Message> messages = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(bytes).position(from);
        while (in.hasRemaining()) {
            char type = (char) in.get();
            int length = in.getInt() - 4;
            assertTrue(length >= 0 && length <= in.remaining(), messages + " are followed by something else");
            byte[] body = new byte[length];
            in.get(body);
            messages.add(new PgClient.Message(type, body));
        }
        return messages;
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
