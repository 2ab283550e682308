package io.ambassador.service;

import java.util.Locale;

/** Why a client connection ended: a small, stable set, used alike in logs, metrics and the API. */
public enum EndReason {
    /** Both sides finished sending, and all of it was delivered. */
    COMPLETED,
    CLIENT_RESET,
    BACKEND_RESET,
    IDLE,
    /** The client went away before there was a backend. */
    CLIENT_GONE,
    NOT_ALLOWED,
    LIMIT,
    NO_ENDPOINT,
    CONNECT_FAILED,
    TLS_FAILED,
    LOGIN_REFUSED,
    LOGIN_FAILED,
    /** The backend let us in, but refused what the client asked for. */
    DECLINED,
    SECRET_UNAVAILABLE,
    /** The client's opening broke the protocol, or took too long. */
    GREETING_FAILED,
    /** Discovery no longer lists the endpoint. */
    REMOVED,
    /** The endpoint lost the wanted role. */
    DEMOTED,
    UNHEALTHY,
    /** It was logged in with an older secret. */
    ROTATED,
    /** The ambassador shut down. */
    SHUTDOWN;

    /** As in logs and metrics: {@code client-reset}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
