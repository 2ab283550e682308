package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.ongres.saslprep.SASLprep;
import com.ongres.stringprep.Profile;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;

/** The forms a password takes in PostgreSQL's logins. Callers wipe what goes in and what comes out. */
final class Passwords {
    private static final Profile SASLPREP = new SASLprep();

    private Passwords() {}

    /**
     * As SCRAM wants it. Like libpq, takes the bytes as they are if they are not UTF-8 or hold what SASLprep prohibits.
     *
     * @see <a href="https://www.rfc-editor.org/rfc/rfc4013">RFC 4013, SASLprep</a>
     */
    static byte[] prepared(byte[] password) {
        boolean ascii = true;
        for (byte each : password) {
            ascii &= each >= ' ' && each < 127;
        }
        if (ascii) {
            return password.clone(); // as most are, and prepared by nature
        }
        CharBuffer text;
        try {
            text = UTF_8.newDecoder().decode(ByteBuffer.wrap(password));
        } catch (CharacterCodingException e) {
            return password.clone();
        }
        char[] characters = new char[text.remaining()];
        text.get(characters);
        Arrays.fill(text.array(), '\0');
        try {
            char[] prepared = SASLPREP.prepareStored(characters);
            ByteBuffer bytes = UTF_8.encode(CharBuffer.wrap(prepared));
            byte[] result = new byte[bytes.remaining()];
            bytes.get(result);
            Arrays.fill(bytes.array(), (byte) 0);
            Arrays.fill(prepared, '\0');
            return result.length == 0 ? password.clone() : result;
        } catch (IllegalArgumentException e) {
            return password.clone();
        } finally {
            Arrays.fill(characters, '\0');
        }
    }

    /** {@code "md5" + hex(md5(hex(md5(password ‖ user)) ‖ salt))}. @param user one byte a character */
    static byte[] md5(byte[] password, String user, byte[] salt) {
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(password);
            byte[] inner = hex(md5.digest(user.getBytes(ISO_8859_1)));
            md5.update(inner);
            byte[] outer = hex(md5.digest(salt));
            Arrays.fill(inner, (byte) 0);
            byte[] answer = new byte[3 + outer.length];
            answer[0] = 'm';
            answer[1] = 'd';
            answer[2] = '5';
            System.arraycopy(outer, 0, answer, 3, outer.length);
            return answer;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    private static byte[] hex(byte[] bytes) {
        byte[] hex = new byte[2 * bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            hex[2 * i] = (byte) Character.forDigit(bytes[i] >> 4 & 15, 16);
            hex[2 * i + 1] = (byte) Character.forDigit(bytes[i] & 15, 16);
        }
        return hex;
    }
}
