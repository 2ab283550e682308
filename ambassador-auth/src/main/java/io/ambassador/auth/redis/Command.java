package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;

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

    /** The command called as {@code length} bytes of {@code in} from {@code at} on say, in any case. */
    static Command named(ByteBuf in, int at, long length) {
        if (length == 4) {
            return is(in, at, PING_NAME)
                    ? OPENING
                    : is(in, at, AUTH_NAME) ? AUTH : is(in, at, POST_NAME) ? HTTP : OTHER;
        }
        if (length == 5) {
            return is(in, at, HELLO_NAME)
                    ? HELLO
                    : is(in, at, RESET_NAME) ? RESET : is(in, at, HOST_NAME) ? HTTP : OTHER;
        }
        return length == 6 && (is(in, at, CLIENT_NAME) || is(in, at, SELECT_NAME))
                        || length == 8 && is(in, at, READONLY_NAME)
                ? OPENING
                : OTHER;
    }

    /** Whether the command named so has a second word that matters. */
    static boolean isClient(ByteBuf in, int at, long length) {
        return length == 6 && is(in, at, CLIENT_NAME);
    }

    /** {@code CLIENT} with the second word that {@code length} bytes of {@code in} from {@code at} on say. */
    static Command client(ByteBuf in, int at, long length) {
        return length == MAINT_NOTIFICATIONS.length && is(in, at, MAINT_NOTIFICATIONS)
                ? CLIENT_MAINT_NOTIFICATIONS
                : OPENING;
    }

    private static boolean is(ByteBuf in, int at, byte[] name) {
        for (int i = 0; i < name.length; i++) {
            byte b = in.getByte(at + i);
            if ((b >= 'a' && b <= 'z' ? b - ('a' - 'A') : b) != name[i]) {
                return false;
            }
        }
        return true;
    }
}
