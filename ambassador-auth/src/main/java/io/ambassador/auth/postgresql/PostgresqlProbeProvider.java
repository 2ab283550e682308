package io.ambassador.auth.postgresql;

import io.ambassador.auth.postgresql.PostgresqlConfig.ChannelBinding;
import io.ambassador.auth.postgresql.PostgresqlConfig.Method;
import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProbeResult;
import io.netty.util.concurrent.Promise;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Provides {@code health.probe = postgresql}. */
public final class PostgresqlProbeProvider implements ProbeProvider<PostgresqlProbeConfig> {
    private static final int VERSION = StartupPacket.MAJOR << 16;
    private static final PostgresqlConfig ANY_LOGIN =
            new PostgresqlConfig(null, ChannelBinding.PREFER, EnumSet.allOf(Method.class), Set.of());

    @Override
    public String type() {
        return "postgresql";
    }

    @Override
    public PostgresqlProbeConfig parse(Settings settings) {
        return new PostgresqlProbeConfig(settings.string("database", "postgres"));
    }

    @Override
    public Probe create(PostgresqlProbeConfig config) {
        ScramKeyCache keys = new ScramKeyCache();
        return (result, endpoint, login) -> handler(config, keys, result, login);
    }

    private static Handshake<ProbeResult> handler(
            PostgresqlProbeConfig config, ScramKeyCache keys, Promise<ProbeResult> result, @Nullable Login login) {
        String user = login == null ? null : login.username();
        if (login == null || user == null) {
            return new TlsQuestion(result);
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("user", StartupPolicy.bytes(user));
        parameters.put("database", StartupPolicy.bytes(config.database()));
        parameters.put("application_name", "ambassador");
        StartupPacket startup = new StartupPacket(VERSION, parameters);
        return new ProbeLogin(result, new LoginExchange(startup, ANY_LOGIN, keys, login), login);
    }
}
