package io.ambassador.spi.discovery;

import io.ambassador.spi.Provider;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

/** Provides a kind of discovery: {@code discovery.type = srv}, or {@code discovery = "srv://…"}. */
public interface EndpointSourceProvider<C extends Record> extends Provider<C> {
    /** The schemes of its short forms; another beside its own word may ask for TLS, as {@code etcds}. */
    default Set<String> schemes() {
        return Set.of(type());
    }

    /**
     * Whether its endpoints have a {@link Endpoint#ROLE}. A service that follows nothing else wants the primary unless
     * told otherwise: whoever asks such a registry for a server means that one.
     */
    default boolean tellsRoles() {
        return false;
    }

    /**
     * Whether anybody on the network can announce endpoints to it. A service that logs in follows such a source only with
     * TLS, whose server name says whom the password is for.
     */
    default boolean isOpenToAnyone() {
        return false;
    }

    /**
     * The settings that the short form of a source stands for; {@link #parse} reads them as if they had been written
     * out.
     *
     * @throws IllegalArgumentException if the form lacks something; the message says what was expected
     */
    Map<String, ?> settingsOf(DiscoveryUri uri);

    /**
     * A source for {@code config}; opens nothing yet.
     *
     * @param scheduler the control thread: one thread that must not be blocked, for timers and state
     */
    EndpointSource create(C config, ScheduledExecutorService scheduler);
}
