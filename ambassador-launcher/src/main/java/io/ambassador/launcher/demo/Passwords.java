package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the Redis backends take as the password of {@link #USER}. As in a Redis ACL there may be two at once, so that
 * one can replace the other without a moment at which neither works. Thread-safe.
 */
class Passwords {
    static final String USER = "app";

    private final List<byte[]> accepted = new ArrayList<>();

    synchronized void add(Password password) {
        accepted.add(password.reveal());
    }

    /** Refuses every other one from now on; who is logged in already stays so. */
    synchronized void keepOnly(Password password) {
        wipe();
        add(password);
    }

    /** Compares in constant time. */
    synchronized boolean accepts(byte[] user, byte[] password) {
        boolean known = Arrays.equals(user, USER.getBytes(US_ASCII));
        boolean found = false;
        for (byte[] each : accepted) {
            found |= MessageDigest.isEqual(each, password);
        }
        return known && found;
    }

    synchronized void wipe() {
        accepted.forEach(each -> Arrays.fill(each, (byte) 0));
        accepted.clear();
    }
}
