package io.ambassador.auth.postgresql;

import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Provides {@code protocol = postgresql}. */
public final class PostgresqlProvider implements ProtocolProvider<PostgresqlConfig> {
    @Override
    public String type() {
        return "postgresql";
    }

    @Override
    public PostgresqlConfig parse(Settings settings) {
        Set<String> allowed = settings.strings("startup-parameters").stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .collect(Collectors.toUnmodifiableSet());
        return new PostgresqlConfig(settings.optionalString("database"), allowed, LoginRules.parse(settings));
    }

    @Override
    public Protocol create(PostgresqlConfig config) {
        return new PostgresqlProtocol(config);
    }

    @Override
    public boolean injectsCredentials() {
        return true;
    }
}
