package io.ambassador.auth.postgresql;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** The answer to a request for an MD5 password. */
final class Md5 {
    private static final byte[] DIGITS = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'
    };

    private Md5() {}

    /** {@code md5} and the digest of salt and password digest, in hexadecimal, with its zero byte. */
    static byte[] response(byte[] password, byte[] user, byte[] salt) {
        byte[] inner = hex(password, user, password.length + user.length);
        byte[] outer = hex(inner, salt, inner.length + salt.length);
        byte[] response = new byte[3 + outer.length + 1];
        response[0] = 'm';
        response[1] = 'd';
        response[2] = '5';
        System.arraycopy(outer, 0, response, 3, outer.length);
        Arrays.fill(inner, (byte) 0);
        Arrays.fill(outer, (byte) 0);
        return response;
    }

    private static byte[] hex(byte[] first, byte[] second, int length) {
        byte[] input = Arrays.copyOf(first, length);
        System.arraycopy(second, 0, input, first.length, second.length);
        byte[] digest = md5().digest(input);
        byte[] text = new byte[2 * digest.length];
        for (int i = 0; i < digest.length; i++) {
            text[2 * i] = DIGITS[(digest[i] >> 4) & 15];
            text[2 * i + 1] = DIGITS[digest[i] & 15];
        }
        Arrays.fill(input, (byte) 0);
        Arrays.fill(digest, (byte) 0);
        return text;
    }

    private static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("This JVM has no MD5, which the server asks for.", e);
        }
    }
}
