package io.ambassador.auth.postgresql;

import io.ambassador.auth.postgresql.PostgresqlConfig.ChannelBinding;
import io.ambassador.auth.postgresql.PostgresqlConfig.Method;
import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Provides {@code protocol = postgresql}. */
public final class PostgresqlProvider implements ProtocolProvider<PostgresqlConfig> {
    @Override
    public String type() {
        return "postgresql";
    }

    @Override
    public PostgresqlConfig parse(Settings settings) {
        return read(settings);
    }

    static PostgresqlConfig read(Settings settings) {
        List<Method> methods =
                settings.list("methods", "scram-sha-256, md5, cleartext or trust", PostgresqlProvider::method);
        Set<String> parameters = new TreeSet<>();
        settings.strings("startup-parameters").forEach(name -> parameters.add(name.toLowerCase(Locale.ROOT)));
        return new PostgresqlConfig(
                settings.optionalString("database"),
                settings.word("channel-binding", ChannelBinding.PREFER),
                methods.isEmpty() ? EnumSet.allOf(Method.class) : EnumSet.copyOf(methods),
                parameters);
    }

    @Override
    public Protocol create(PostgresqlConfig config) {
        return new PostgresqlProtocol(config);
    }

    @Override
    public boolean injectsCredentials() {
        return true;
    }

    static String word(Method method) {
        return method.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Method method(String word) {
        for (Method method : Method.values()) {
            if (word(method).equals(word)) {
                return method;
            }
        }
        throw new IllegalArgumentException(word);
    }
}
