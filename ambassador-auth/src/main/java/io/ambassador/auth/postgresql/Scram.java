package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ambassador.spi.protocol.LoginException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of one SCRAM-SHA-256 exchange, with or without channel binding. The user's name is left out, since
 * PostgreSQL goes by the startup's.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5802">RFC 5802</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7677">RFC 7677</a>
 */
final class Scram {
    /** A server that asks for more wants our time, not our password. */
    static final int MAX_ITERATIONS = 100_000;

    private static final String PLAIN = "SCRAM-SHA-256";
    private static final String PLUS = "SCRAM-SHA-256-PLUS";
    private static final int NONCE_BYTES = 18;
    private static final int MAX_SALT = 1024;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String mechanism;
    private final String gs2Header;
    private final byte[] binding;
    private final String clientFirstBare;
    private final String nonce;
    private String serverFirst = "";
    private String wholeNonce = "";
    private byte[] salt = {};
    private int iterations;
    private byte @Nullable [] serverSignature;

    /** @param binding what binds to the channel; empty without channel binding */
    Scram(String mechanism, String gs2Header, byte[] binding, String username, String nonce) {
        this.mechanism = mechanism;
        this.gs2Header = gs2Header;
        this.binding = binding;
        this.nonce = nonce;
        this.clientFirstBare = "n=" + username + ",r=" + nonce;
    }

    static String newNonce() {
        byte[] bytes = new byte[NONCE_BYTES];
        RANDOM.nextBytes(bytes);
        return Base64.getEncoder().encodeToString(bytes);
    }

    /**
     * Binds to the channel where that can be done. Over TLS, a server that does not offer it is told that we could
     * have: one that did offer it then knows that somebody in between has taken the offer away.
     *
     * @param certificate the server's; {@code null} without TLS
     * @throws LoginException if the server offers nothing that will do
     */
    static Scram choose(
            List<String> offered, @Nullable X509Certificate certificate, ChannelBinding wanted, String nonce)
            throws LoginException {
        boolean plus = offered.contains(PLUS);
        boolean could = certificate != null && wanted != ChannelBinding.DISABLE;
        byte[] hash = could && plus && certificate != null ? EndPointHash.of(certificate) : null;
        if (hash != null) {
            return new Scram(PLUS, "p=tls-server-end-point,,", hash, "", nonce);
        }
        if (wanted == ChannelBinding.REQUIRE) {
            throw MessageReader.broken(
                    certificate == null
                            ? "is not reached over TLS, so that there is no channel to bind to, as is required."
                            : plus
                                    ? "has a certificate that defines no channel binding, which is required."
                                    : "offers no channel binding, which is required.");
        }
        if (!offered.contains(PLAIN)) {
            throw MessageReader.broken("offers no mechanism that can be used here.");
        }
        return new Scram(PLAIN, could && !plus ? "y,," : "n,,", new byte[0], "", nonce);
    }

    /** The whole of {@code SASLInitialResponse}. */
    byte[] initialResponse() {
        byte[] name = mechanism.getBytes(US_ASCII);
        byte[] first = clientFirst().getBytes(US_ASCII);
        return ByteBuffer.allocate(name.length + 1 + 4 + first.length)
                .put(name)
                .put((byte) 0)
                .putInt(first.length)
                .put(first)
                .array();
    }

    String clientFirst() {
        return gs2Header + clientFirstBare;
    }

    /** @throws LoginException unless the server's first message continues ours and asks for something sensible */
    void challenged(byte[] message) throws LoginException {
        String text = new String(message, ISO_8859_1);
        String[] fields = text.split(",", 4);
        if (fields.length < 3
                || !fields[0].startsWith("r=")
                || !fields[1].startsWith("s=")
                || !fields[2].startsWith("i=")) {
            throw MessageReader.broken("sent a SCRAM challenge that is none.");
        }
        String whole = fields[0].substring(2);
        if (!whole.startsWith(nonce) || whole.length() == nonce.length()) {
            throw MessageReader.broken("did not continue our nonce: it may be repeating another login.");
        }
        byte[] asSalt = base64(fields[1].substring(2));
        if (asSalt.length == 0 || asSalt.length > MAX_SALT) {
            throw MessageReader.broken("sent a salt of " + asSalt.length + " bytes.");
        }
        iterations = iterations(fields[2].substring(2));
        serverFirst = text;
        wholeNonce = whole;
        salt = asSalt;
    }

    private static int iterations(String text) throws LoginException {
        if (!text.matches("[1-9][0-9]{0,9}")) {
            throw MessageReader.broken("asks for a number of iterations that is none.");
        }
        long number = Long.parseLong(text);
        if (number > MAX_ITERATIONS) {
            throw MessageReader.broken("asks for " + number + " iterations; " + MAX_ITERATIONS + " are the limit.");
        }
        return (int) number;
    }

    byte[] salt() {
        return salt;
    }

    int iterations() {
        return iterations;
    }

    /** The client's final message. */
    byte[] proof(ScramKeys keys) {
        byte[] header = gs2Header.getBytes(US_ASCII);
        byte[] channel = ByteBuffer.allocate(header.length + binding.length)
                .put(header)
                .put(binding)
                .array();
        String withoutProof = "c=" + Base64.getEncoder().encodeToString(channel) + ",r=" + wholeNonce;
        byte[] said = (clientFirstBare + "," + serverFirst + "," + withoutProof).getBytes(ISO_8859_1);
        serverSignature = keys.serverSignature(said);
        String proof = Base64.getEncoder().encodeToString(keys.clientProof(said));
        return (withoutProof + ",p=" + proof).getBytes(ISO_8859_1);
    }

    /** @throws LoginException unless the server knows the password, too */
    void verify(byte[] message) throws LoginException {
        String text = new String(message, ISO_8859_1);
        if (text.startsWith("e=")) {
            throw new LoginException(LoginException.Kind.REFUSED, "The server refused the proof of the password.");
        }
        byte[] expected = serverSignature;
        if (expected == null || !text.startsWith("v=")) {
            throw MessageReader.broken("ended SCRAM without a signature.");
        }
        String signature = text.substring(2).split(",", 2)[0];
        if (!MessageDigest.isEqual(expected, base64(signature))) {
            throw MessageReader.broken("does not know the password: its signature is wrong. It may be an impostor.");
        }
    }

    private static byte[] base64(String text) throws LoginException {
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw MessageReader.broken("sent something that is not base64.");
        }
    }
}
