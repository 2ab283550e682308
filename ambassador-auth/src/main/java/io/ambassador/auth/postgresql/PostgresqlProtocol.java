package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.Session;

/** What the sessions of one service share. */
final class PostgresqlProtocol implements Protocol {
    /** @param client what the client asked for; the user is the same for all but where none is configured */
    private record WarmKey(StartupPacket client) {}

    private final PostgresqlConfig config;
    private final StartupPolicy policy;
    private final CancelKeys cancelKeys = new CancelKeys();
    private final ScramKeyCache scramKeys = new ScramKeyCache();

    PostgresqlProtocol(PostgresqlConfig config) {
        this.config = config;
        this.policy = new StartupPolicy(config);
    }

    CancelKeys cancelKeys() {
        return cancelKeys;
    }

    StartupPolicy policy() {
        return policy;
    }

    LoginExchange exchange(StartupPacket client, Login login) {
        return new LoginExchange(policy.toServer(client, login.username()), config, scramKeys, login);
    }

    Object warmKey(StartupPacket client) {
        return new WarmKey(client);
    }

    @Override
    public Session open(Client client) {
        return new PostgresqlSession(this, client);
    }

    @Override
    public Session openWarm(Object key) {
        PostgresqlSession session = new PostgresqlSession(this, null);
        session.starts(((WarmKey) key).client());
        return session;
    }

    @Override
    public boolean negotiatesTls() {
        return true;
    }
}
