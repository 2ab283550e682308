package io.ambassador.auth.redis;

import java.util.List;
import java.util.Set;

/**
 * One reply of a server.
 *
 * @param type the byte it began with
 * @param texts its first few texts and numbers, those of nested arrays included, each cut at 256 bytes
 * @see <a href="https://redis.io/docs/latest/develop/reference/protocol-spec/">RESP</a>
 */
record Reply(char type, List<String> texts) {
    private static final Set<String> CODES = Set.of(
            "BUSY",
            "CLUSTERDOWN",
            "DENIED",
            "ERR",
            "LOADING",
            "MASTERDOWN",
            "MISCONF",
            "NOAUTH",
            "NOPERM",
            "NOREPLICAS",
            "READONLY",
            "TRYAGAIN",
            "WRONGPASS");

    boolean isError() {
        return type == '-';
    }

    /** Whether it is the simple string {@code text}. */
    boolean is(String text) {
        return type == '+' && text(0).equals(text);
    }

    /** Empty where there is none. */
    String text(int index) {
        return index < texts.size() ? texts.get(index) : "";
    }

    /** The first word of an error where it is one of Redis' own, else {@code "unknown error"}: safe to show. */
    String code() {
        String text = text(0);
        int space = text.indexOf(' ');
        String word = space < 0 ? text : text.substring(0, space);
        return CODES.contains(word) ? word : "unknown error";
    }
}
