package io.ambassador.auth.postgresql;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Settings of {@code protocol = postgresql}.
 *
 * @param database which all clients get, whatever they ask for; {@code null} gives each what it asks for
 * @param methods ways to log in that a server may ask for
 * @param startupParameters more of a client's startup parameters to pass on, in lower case
 */
public record PostgresqlConfig(
        @Nullable String database, ChannelBinding channelBinding, Set<Method> methods, Set<String> startupParameters) {
    /** Whether a SCRAM login is bound to the TLS connection it is made on. */
    public enum ChannelBinding {
        /** Where the server offers it. */
        PREFER,
        /** Or not at all. */
        REQUIRE,
        DISABLE
    }

    /** A way to log in. */
    public enum Method {
        SCRAM_SHA_256,
        MD5,
        /** The password as it is, over TLS or on this machine alone. */
        CLEARTEXT,
        /** The server asks for nothing. */
        TRUST
    }

    public PostgresqlConfig {
        methods = Set.copyOf(methods);
        startupParameters = Set.copyOf(startupParameters);
    }
}
