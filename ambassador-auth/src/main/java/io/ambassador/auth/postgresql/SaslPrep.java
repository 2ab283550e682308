package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.ongres.saslprep.SASLprep;
import com.ongres.stringprep.Profile;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;

/**
 * Brings a password into the form that SCRAM digests.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc4013">RFC 4013</a>
 */
final class SaslPrep {
    private static final Profile PROFILE = new SASLprep();

    private SaslPrep() {}

    /**
     * Prepares a password; one that cannot be prepared is used as it is, as by PostgreSQL's own clients and servers.
     *
     * @return always a copy, which the caller wipes
     */
    static byte[] prepare(byte[] password) {
        if (isPrintableAscii(password)) {
            return password.clone();
        }
        CharBuffer text;
        try {
            text = UTF_8.newDecoder().decode(ByteBuffer.wrap(password));
        } catch (CharacterCodingException e) {
            return password.clone();
        }
        char[] given = new char[text.remaining()];
        text.get(given);
        char[] prepared = {};
        try {
            prepared = PROFILE.prepareStored(given);
            return encode(prepared);
        } catch (IllegalArgumentException e) {
            return password.clone();
        } finally {
            Arrays.fill(text.array(), '\0');
            Arrays.fill(given, '\0');
            Arrays.fill(prepared, '\0');
        }
    }

    private static byte[] encode(char[] text) {
        ByteBuffer encoded = UTF_8.encode(CharBuffer.wrap(text));
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        Arrays.fill(encoded.array(), (byte) 0);
        return bytes;
    }

    private static boolean isPrintableAscii(byte[] text) {
        for (byte b : text) {
            if (b < ' ' || b > '~') {
                return false;
            }
        }
        return true;
    }
}
