package io.ambassador.spi.protocol;

/**
 * Why a client cannot be served.
 *
 * @param kind the class of failure, which a protocol maps to its own codes
 * @param correlationId also in the log, where the detail is
 * @param message one sentence for the client; no address, no secret, no text of the backend's
 */
public record Refusal(Kind kind, String correlationId, String message) {
    public enum Kind {
        /** Discovery or health leaves no endpoint. */
        NO_ENDPOINT,
        /** No endpoint could be connected to within the deadline. */
        CONNECT_FAILED,
        /** The endpoint's TLS certificate was refused, or the handshake failed. */
        TLS_FAILED,
        /** The endpoint refused our credentials. */
        LOGIN_REFUSED,
        /** The endpoint let us in, but refused what the client asked for: the client may hear that from it. */
        DECLINED,
        /** The endpoint did not finish the login within its deadline, or broke its protocol. */
        LOGIN_FAILED,
        /** There is no secret to log in with. */
        SECRET_UNAVAILABLE,
        /** A limit of connections or rate was reached. */
        LIMIT,
        /** The ambassador is draining. */
        DRAINING
    }
}
