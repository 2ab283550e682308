package io.ambassador.launcher.demo;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;

/** 192 random bits as text; never printed, wiped when closed. */
final class Password implements AutoCloseable {
    private static final int BYTES = 24;

    private final byte[] text;

    private Password(byte[] text) {
        this.text = text;
    }

    static Password random() {
        byte[] random = new byte[BYTES];
        new SecureRandom().nextBytes(random);
        byte[] text = Base64.getUrlEncoder().encode(random);
        Arrays.fill(random, (byte) 0);
        return new Password(text);
    }

    /** A copy, which the caller wipes. */
    byte[] reveal() {
        return text.clone();
    }

    @Override
    public void close() {
        Arrays.fill(text, (byte) 0);
    }

    @Override
    public String toString() {
        return "a password";
    }
}
