package io.ambassador.explain;

import java.util.List;
import java.util.Locale;

/** What a client's connection is waiting for, in the order in which it gets there. */
public enum Phase {
    /** Accepted; its PROXY header, allow-lists, route and limits. */
    ACCEPT('A'),
    /** Its TLS and its opening. */
    GREETING('G'),
    /** An endpoint, and a secret to log in with; also between two attempts. */
    PICK('P'),
    /** The endpoint's TCP. */
    CONNECT('C'),
    /** The endpoint's TLS. */
    TLS('T'),
    /** The endpoint's answer to our login. */
    LOGIN('L'),
    /** Its own end: bytes pass. */
    RELAY('R');

    static final List<Phase> ALL = List.of(values());

    private final char letter;
    private final String word = name().toLowerCase(Locale.ROOT);
    private final String field = word + "Millis";

    Phase(char letter) {
        this.letter = letter;
    }

    char letter() {
        return letter;
    }

    /** As in logs and the API: {@code connect}. */
    public String word() {
        return word;
    }

    /** Its duration's name in logs and the API: {@code connectMillis}. */
    String field() {
        return field;
    }
}
