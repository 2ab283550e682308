package io.ambassador.explain;

import static io.ambassador.explain.Phase.ACCEPT;
import static io.ambassador.explain.Phase.CONNECT;
import static io.ambassador.explain.Phase.GREETING;
import static io.ambassador.explain.Phase.LOGIN;
import static io.ambassador.explain.Phase.PICK;
import static io.ambassador.explain.Phase.RELAY;
import static io.ambassador.explain.Phase.TLS;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Why a client's connection ended: a small, stable set. The word is the same in logs, metrics and the API; the code has
 * three letters, which say who ended it, in which phase, and why: {@code BCr}, the backend, when we connected, refused.
 */
public enum EndReason {
    /** Both sides finished sending, and all of it was delivered. */
    COMPLETED(By.NOBODY, '-', RELAY),

    /** An allow-list or the routes leave the client out. */
    NOT_ALLOWED(By.AMBASSADOR, 'n', ACCEPT),
    LIMIT(By.AMBASSADOR, 'l', ACCEPT),
    /** A sender that must begin with a PROXY header did not, or not in time. */
    PROXY_HEADER_FAILED(By.CLIENT, 'h', ACCEPT),
    /** The client went away before there was a backend. */
    CLIENT_GONE(By.CLIENT, 'g', ACCEPT, GREETING, PICK, CONNECT, TLS, LOGIN),

    CLIENT_TLS_FAILED(By.CLIENT, 'c', GREETING),
    /** The client's opening took too long. */
    GREETING_TIMEOUT(By.CLIENT, 't', GREETING),
    /** The client's opening broke the protocol. */
    GREETING_FAILED(By.CLIENT, 'x', GREETING),
    /** The client did not show the credentials that the service wants of its clients. */
    CLIENT_REFUSED(By.AMBASSADOR, 'r', GREETING),

    NO_ENDPOINT(By.AMBASSADOR, 'e', PICK),
    SECRET_UNAVAILABLE(By.AMBASSADOR, 'c', PICK),

    CONNECT_REFUSED(By.BACKEND, 'r', CONNECT),
    CONNECT_TIMEOUT(By.BACKEND, 't', CONNECT),
    /** Neither refused nor silent: unreachable, for one. */
    CONNECT_FAILED(By.BACKEND, 'x', CONNECT),
    /** This machine had no descriptor, port or memory left. */
    NO_RESOURCES(By.AMBASSADOR, 'e', CONNECT),

    TLS_TIMEOUT(By.BACKEND, 't', TLS),
    /** The endpoint could not be trusted, or does not speak TLS. */
    TLS_FAILED(By.BACKEND, 'x', TLS),

    LOGIN_REFUSED(By.BACKEND, 'r', LOGIN),
    LOGIN_TIMEOUT(By.BACKEND, 't', LOGIN),
    /** The backend cannot serve now, or broke its protocol. */
    LOGIN_FAILED(By.BACKEND, 'x', LOGIN),
    /** The backend let us in, but refused what the client asked for. */
    DECLINED(By.BACKEND, 'd', LOGIN),
    /** The secret would have crossed the network in the clear. */
    LOGIN_UNSAFE(By.AMBASSADOR, 'u', LOGIN),

    CLIENT_RESET(By.CLIENT, 'a', RELAY),
    BACKEND_RESET(By.BACKEND, 'a', RELAY),
    /** The client broke the rules of a protocol that is watched. */
    CLIENT_VIOLATION(By.CLIENT, 'x', RELAY),
    BACKEND_VIOLATION(By.BACKEND, 'x', RELAY),
    IDLE(By.AMBASSADOR, 'i', RELAY),
    /** Discovery no longer lists the endpoint. */
    REMOVED(By.AMBASSADOR, 'r', RELAY),
    /** The endpoint lost the wanted role. */
    DEMOTED(By.AMBASSADOR, 'd', RELAY),
    UNHEALTHY(By.AMBASSADOR, 'u', RELAY),
    /** It was logged in with an older secret. */
    ROTATED(By.AMBASSADOR, 'o', RELAY),

    /** The ambassador shut down. */
    SHUTDOWN(By.AMBASSADOR, 's', ACCEPT, GREETING, PICK, CONNECT, TLS, LOGIN, RELAY),
    /** A defect, of the ambassador or of a protocol; the log has its stack. */
    INTERNAL_ERROR(By.AMBASSADOR, 'x', ACCEPT, GREETING, PICK, CONNECT, TLS, LOGIN, RELAY);

    /** Who ended a connection, or failed to do its part. */
    public enum By {
        NOBODY('-'),
        CLIENT('C'),
        BACKEND('B'),
        /** By a rule, a limit or a change it was told of. */
        AMBASSADOR('A');

        private final char letter;

        By(char letter) {
            this.letter = letter;
        }
    }

    private final By by;
    private final List<Phase> phases;
    private final String[] codes = new String[Phase.values().length];
    private final String word = name().toLowerCase(Locale.ROOT).replace('_', '-');

    EndReason(By by, char why, Phase... phases) {
        this.by = by;
        this.phases = List.of(phases);
        for (Phase phase : phases) {
            codes[phase.ordinal()] = by == By.NOBODY ? "---" : "" + by.letter + phase.letter() + why;
        }
    }

    /** As in logs, metrics and the API: {@code client-reset}. */
    public String word() {
        return word;
    }

    public By by() {
        return by;
    }

    /** Where it can happen; most have one. */
    public List<Phase> phases() {
        return phases;
    }

    /** Every code that it can have, in the order of {@link #phases}. */
    public List<String> codes() {
        return Stream.of(codes).filter(code -> code != null).toList();
    }

    /** The one of {@link #phases} that a connection was in when it ended while it was in {@code reached}. */
    Phase phase(Phase reached) {
        return codes[reached.ordinal()] == null ? phases.get(0) : reached;
    }

    /** The code of a connection that ended in {@code phase}, one of {@link #phases}. */
    String code(Phase phase) {
        return codes[phase.ordinal()];
    }
}
