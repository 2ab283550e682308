package io.ambassador.auth.postgresql;

/** Whether SCRAM proves that both ends see the same TLS connection. */
enum ChannelBinding {
    /** Where there is TLS and the server offers it. */
    PREFER,
    /** Without it there is no login. */
    REQUIRE,
    DISABLE
}
