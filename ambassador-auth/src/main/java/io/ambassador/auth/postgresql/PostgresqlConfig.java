package io.ambassador.auth.postgresql;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Settings of {@code protocol = postgresql}.
 *
 * @param database what every client gets; {@code null} leaves the choice to it
 * @param allowedParameters startup parameters that clients may set beside the harmless ones, in lower case
 */
public record PostgresqlConfig(@Nullable String database, Set<String> allowedParameters, LoginRules login) {
    public PostgresqlConfig {
        allowedParameters = Set.copyOf(allowedParameters);
    }
}
