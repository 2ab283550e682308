package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.Session;
import java.util.List;

/** One service that speaks PostgreSQL. */
final class PostgresqlProtocol implements Protocol {
    private final StartupPolicy startups;
    private final LoginMeans means;
    private final CancelKeys cancelKeys = new CancelKeys();

    PostgresqlProtocol(PostgresqlConfig config) {
        this.startups = new StartupPolicy(config.database(), config.allowedParameters());
        this.means = new LoginMeans(config.login(), new ScramKeyCache());
    }

    @Override
    public Session open(Client client) {
        return new PostgresqlSession(client, startups, means, cancelKeys);
    }

    @Override
    public Session openWarm(Object key) {
        return new PostgresqlSession((Startup) key, startups, means, cancelKeys);
    }

    @Override
    public boolean negotiatesTls() {
        return true;
    }

    /** Clients that begin with TLS insist on it, so that no other protocol can be meant. */
    @Override
    public List<String> applicationProtocols() {
        return List.of("postgresql");
    }
}
