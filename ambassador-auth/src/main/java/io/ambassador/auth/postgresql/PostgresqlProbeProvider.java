package io.ambassador.auth.postgresql;

import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;

/** Provides {@code health.probe = postgresql}. */
public final class PostgresqlProbeProvider implements ProbeProvider<PostgresqlProbeConfig> {
    @Override
    public String type() {
        return "postgresql";
    }

    @Override
    public PostgresqlProbeConfig parse(Settings settings) {
        return new PostgresqlProbeConfig(settings.string("database", "postgres"), LoginRules.parse(settings));
    }

    @Override
    public Probe create(PostgresqlProbeConfig config) {
        ScramKeyCache keys = new ScramKeyCache();
        return (result, endpoint, login) -> login == null
                ? new SignOfLife(result)
                : new ProbeLogin(result, login, new LoginMeans(config.login(), keys), config.database());
    }
}
