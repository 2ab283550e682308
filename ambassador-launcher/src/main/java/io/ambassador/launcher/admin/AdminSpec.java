package io.ambassador.launcher.admin;

import io.ambassador.service.ListenAddress;
import io.ambassador.spi.Configured;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is wanted of the admin address.
 *
 * @param given whether {@code listen} was written, rather than the default
 * @param token where the token is kept, never the token itself; {@code null} for none, on this machine alone
 * @param hosts names under which it is asked, beside those of this machine
 * @param uids users at the other end of a unix socket; empty allows all that may open it
 */
public record AdminSpec(
        ListenAddress listen,
        boolean given,
        @Nullable Configured<SecretSourceProvider<?>> token,
        TokenFor tokenFor,
        Set<String> hosts,
        Set<Long> uids) {
    /** What needs the token, where there is one. Probes and the page, which holds no data, never do. */
    public enum TokenFor {
        MUTATIONS,
        EVERYTHING
    }

    public AdminSpec {
        hosts = Set.copyOf(hosts);
        uids = Set.copyOf(uids);
        if (token == null && !listen.isLocal()) {
            throw new IllegalArgumentException(
                    "admin.token: is missing, and " + listen + " can be reached from other machines");
        }
    }

    /** On this machine, without a token. */
    public static AdminSpec local(ListenAddress listen, boolean given) {
        return new AdminSpec(listen, given, null, TokenFor.MUTATIONS, Set.of(), Set.of());
    }
}
