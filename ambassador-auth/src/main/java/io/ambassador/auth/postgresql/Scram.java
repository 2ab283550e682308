package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.ambassador.spi.protocol.LoginException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of one SCRAM-SHA-256 exchange. The user name is left empty, as PostgreSQL takes it from the startup
 * packet. Texts hold one byte a character. Not thread-safe.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5802">RFC 5802</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7677">RFC 7677</a>
 */
final class Scram {
    /** A server that asks for more wants our processor, not our password. */
    static final int MAX_ITERATIONS = 100_000;

    private static final int NONCE_BYTES = 18;
    private static final Base64.Encoder ENCODER = Base64.getEncoder();
    private static final Base64.Decoder DECODER = Base64.getDecoder();

    /** What the server wants the password hashed with. */
    record Challenge(String text, String nonce, byte[] salt, int iterations) {}

    private final String bindingHeader;
    private final byte[] bindingData;
    private final String clientFirstBare;
    private final String clientNonce;
    private byte @Nullable [] expectedSignature;

    /**
     * @param bindingHeader {@code n,,}, {@code y,,} or {@code p=tls-server-end-point,,}
     * @param bindingData empty unless the connection is bound
     */
    Scram(String bindingHeader, byte[] bindingData, String user, String clientNonce) {
        this.bindingHeader = bindingHeader;
        this.bindingData = bindingData;
        this.clientNonce = clientNonce;
        this.clientFirstBare = "n=" + user + ",r=" + clientNonce;
    }

    static Scram start(String bindingHeader, byte[] bindingData) {
        byte[] nonce = new byte[NONCE_BYTES];
        new SecureRandom().nextBytes(nonce);
        return new Scram(bindingHeader, bindingData, "", ENCODER.encodeToString(nonce));
    }

    String clientFirst() {
        return bindingHeader + clientFirstBare;
    }

    /** Reads {@code server-first-message}. */
    Challenge challenge(String serverFirst) throws LoginException {
        String[] attributes = serverFirst.split(",", -1);
        if (attributes.length < 3
                || !attributes[0].startsWith("r=")
                || !attributes[1].startsWith("s=")
                || !attributes[2].startsWith("i=")) {
            throw broken("sent a challenge that is none");
        }
        String nonce = attributes[0].substring(2);
        if (!nonce.startsWith(clientNonce) || nonce.length() == clientNonce.length()) {
            throw broken("did not extend our nonce");
        }
        byte[] salt = decode(attributes[1].substring(2), "salt");
        if (salt.length == 0) {
            throw broken("sent an empty salt");
        }
        String count = attributes[2].substring(2);
        if (!count.matches("[1-9]\\d{0,9}") || Long.parseLong(count) > MAX_ITERATIONS) {
            throw broken("asks for more than " + MAX_ITERATIONS + " iterations, or none");
        }
        return new Challenge(serverFirst, nonce, salt, Integer.parseInt(count));
    }

    /** {@code client-final-message}, which proves that we know the password. */
    String clientFinal(Challenge challenge, ScramKeys keys) {
        byte[] header = bindingHeader.getBytes(ISO_8859_1);
        byte[] binding = new byte[header.length + bindingData.length];
        System.arraycopy(header, 0, binding, 0, header.length);
        System.arraycopy(bindingData, 0, binding, header.length, bindingData.length);
        String withoutProof = "c=" + ENCODER.encodeToString(binding) + ",r=" + challenge.nonce();
        byte[] message = (clientFirstBare + "," + challenge.text() + "," + withoutProof).getBytes(ISO_8859_1);
        expectedSignature = keys.serverSignature(message);
        return withoutProof + ",p=" + ENCODER.encodeToString(keys.proof(message));
    }

    /** Reads {@code server-final-message}: whether the server knows the password, too. */
    void verify(String serverFinal) throws LoginException {
        if (serverFinal.startsWith("e=")) {
            throw new LoginException(LoginException.Kind.REFUSED, "The server refused the password.");
        }
        byte[] expected = expectedSignature;
        if (expected == null || !serverFinal.startsWith("v=")) {
            throw broken("ended the exchange without a signature");
        }
        if (!MessageDigest.isEqual(expected, decode(serverFinal.substring(2).split(",", 2)[0], "signature"))) {
            throw broken("does not know the password itself: its signature is wrong");
        }
    }

    private static byte[] decode(String base64, String what) throws LoginException {
        try {
            return DECODER.decode(base64);
        } catch (IllegalArgumentException e) {
            throw broken("sent a " + what + " that is not base64");
        }
    }

    private static LoginException broken(String how) {
        return new LoginException(LoginException.Kind.PROTOCOL, "The server " + how + ".");
    }
}
