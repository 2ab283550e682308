package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

/** What a client's command is to an ambassador. */
enum Command {
    /** An empty line or array, which a server passes over without an answer. */
    NONE,
    AUTH,
    HELLO,
    RESET,
    /** Asks the server to tell of moves to other addresses. */
    CLIENT_MAINT_NOTIFICATIONS,
    /** One that clients send as they open a connection, before or between {@code AUTH} and {@code HELLO}. */
    OPENING,
    /** The begin of a request or header of HTTP, which may be a browser sent by a hostile page. */
    HTTP,
    OTHER;

    private static final byte[] MAINT_NOTIFICATIONS = "MAINT_NOTIFICATIONS".getBytes(US_ASCII);

    private static final byte[] AUTH_NAME = "AUTH".getBytes(US_ASCII);
    private static final byte[] HELLO_NAME = "HELLO".getBytes(US_ASCII);
    private static final byte[] RESET_NAME = "RESET".getBytes(US_ASCII);
    private static final byte[] CLIENT_NAME = "CLIENT".getBytes(US_ASCII);
    private static final byte[] PING_NAME = "PING".getBytes(US_ASCII);
    private static final byte[] POST_NAME = "POST".getBytes(US_ASCII);
    private static final byte[] HOST_NAME = "HOST:".getBytes(US_ASCII);
    private static final byte[] SELECT_NAME = "SELECT".getBytes(US_ASCII);
    private static final byte[] READONLY_NAME = "READONLY".getBytes(US_ASCII);

    /**
     * The command of this name, in any case.
     *
     * @param name the first bytes of it, at least as many as the longest name has that matters
     * @param length of the whole name
     */
    static Command named(byte[] name, long length) {
        if (length == 4) {
            return is(name, PING_NAME) ? OPENING : is(name, AUTH_NAME) ? AUTH : is(name, POST_NAME) ? HTTP : OTHER;
        }
        if (length == 5) {
            return is(name, HELLO_NAME) ? HELLO : is(name, RESET_NAME) ? RESET : is(name, HOST_NAME) ? HTTP : OTHER;
        }
        boolean opening = length == 6 && (is(name, CLIENT_NAME) || is(name, SELECT_NAME))
                || length == 8 && is(name, READONLY_NAME);
        return opening ? OPENING : OTHER;
    }

    /** Whether the command of this name has a second word that matters. */
    static boolean isClient(byte[] name, long length) {
        return length == CLIENT_NAME.length && is(name, CLIENT_NAME);
    }

    /** {@code CLIENT} with this second word. */
    static Command client(byte[] word, long length) {
        return length == MAINT_NOTIFICATIONS.length && is(word, MAINT_NOTIFICATIONS)
                ? CLIENT_MAINT_NOTIFICATIONS
                : OPENING;
    }

    private static boolean is(byte[] word, byte[] name) {
        for (int i = 0; i < name.length; i++) {
            if ((word[i] >= 'a' && word[i] <= 'z' ? word[i] - ('a' - 'A') : word[i]) != name[i]) {
                return false;
            }
        }
        return true;
    }
}
