package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.Session;
import io.ambassador.spi.secret.Secret;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.ScriptedServer;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;

/** The server's side of a login, in steps that a test can leave out or forge. */
final class Backend {
    static final byte[] SALT = "salt of the earth".getBytes(UTF_8);
    static final byte[] OK = authentication(0, new byte[0]);
    static final byte[] SCRAM_OFFERED = authentication(10, text("SCRAM-SHA-256", ""));
    static final byte[] READY = message('Z', new byte[] {'I'});

    private final DataInputStream in;
    private final OutputStream out;

    Backend(ScriptedServer.Connection connection) {
        in = new DataInputStream(connection.in());
        out = connection.out();
    }

    /** A session whose client has asked for a database. */
    static void greet(Session session, String... parameters) {
        EmbeddedChannel client = new EmbeddedChannel(session.greeting(ImmediateEventExecutor.INSTANCE.newPromise()));
        client.writeInbound(Unpooled.wrappedBuffer(PgClient.startup(parameters)));
        client.finishAndReleaseAll();
    }

    static byte[] message(char type, byte[] body) {
        return PgClient.typed(type, body);
    }

    static byte[] authentication(int code, byte[] data) {
        return message(
                'R', ByteBuffer.allocate(4 + data.length).putInt(code).put(data).array());
    }

    static byte[] error(String sqlState) {
        return message('E', text("SFATAL", "C" + sqlState, "Msays s3cret things", ""));
    }

    static byte[] status(String name, String value) {
        return message('S', text(name, value));
    }

    static byte[] key(int pid, int secret) {
        return message('K', ByteBuffer.allocate(8).putInt(pid).putInt(secret).array());
    }

    /** Texts with a zero byte after each. */
    static byte[] text(String... texts) {
        return (String.join("\0", texts) + "\0").getBytes(UTF_8);
    }

    static byte[] join(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(
                Arrays.stream(parts).mapToInt(part -> part.length).sum());
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }

    /** What a server says when it is glad to have us. */
    static byte[] welcome() {
        return join(OK, status("server_version", "15.1"), status("in_hot_standby", "off"), key(7, 8), READY);
    }

    void say(byte[]... messages) throws IOException {
        out.write(join(messages));
    }

    /** The startup, without its length. */
    String startup() throws IOException {
        byte[] packet = new byte[in.readInt() - 4];
        in.readFully(packet);
        return new String(packet, ISO_8859_1);
    }

    byte[] answer() throws IOException {
        int type = in.readUnsignedByte();
        byte[] body = new byte[in.readInt() - 4];
        in.readFully(body);
        if (type != 'p') {
            throw new IOException("not an answer: " + (char) type);
        }
        return body;
    }

    void query() throws IOException {
        in.readUnsignedByte();
        in.skipNBytes(in.readInt() - 4);
    }

    /** @return whether the client knows the password; if so, it has been told that we do, too */
    boolean scram(String password, int iterations) throws IOException {
        say(SCRAM_OFFERED);
        String bare = clientFirstBare();
        String serverFirst = challenge(bare, iterations);
        say(authentication(11, serverFirst.getBytes(UTF_8)));
        String clientFinal = new String(answer(), UTF_8);
        int proof = clientFinal.lastIndexOf(",p=");
        byte[] said = (bare + "," + serverFirst + "," + clientFinal.substring(0, proof)).getBytes(UTF_8);
        ScramKeys keys = keys(password, SALT, iterations);
        if (!Arrays.equals(keys.clientProof(said), Base64.getDecoder().decode(clientFinal.substring(proof + 3)))) {
            return false;
        }
        say(authentication(
                12, ("v=" + Base64.getEncoder().encodeToString(keys.serverSignature(said))).getBytes(UTF_8)));
        return true;
    }

    /** What the client's first answer says, without mechanism and header. */
    String clientFirstBare() throws IOException {
        String initial = new String(answer(), ISO_8859_1);
        return initial.substring(initial.indexOf("n=,r="));
    }

    static String challenge(String clientFirstBare, long iterations) {
        return clientFirstBare.substring(3) + "server,s=" + Base64.getEncoder().encodeToString(SALT) + ",i="
                + iterations;
    }

    static ScramKeys keys(String password, byte[] salt, int iterations) {
        try (Secret secret = Secret.owning(password.getBytes(UTF_8))) {
            return ScramKeys.derive(secret, salt, iterations);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
