package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.spi.protocol.Session;
import io.ambassador.testkit.ProtocolContract;
import io.ambassador.testkit.ScriptedServer;
import java.io.IOException;

/** What all ways to log in have in common. */
abstract class PostgresqlContract extends ProtocolContract {
    @Override
    protected ProtocolProvider<?> provider() {
        return new PostgresqlProvider();
    }

    @Override
    protected String username() {
        return "app";
    }

    @Override
    protected void greet(Session session) {
        Backend.greet(session, "user", "whoever", "database", "shop");
    }

    @Override
    protected void logIn(ScriptedServer.Connection connection, String username, String password) throws IOException {
        Backend backend = new Backend(connection);
        backend.startup();
        if (ask(backend, username, password)) {
            backend.say(Backend.welcome());
        } else {
            backend.say(Backend.error("28P01"));
        }
    }

    /** @return whether the client knows the password */
    abstract boolean ask(Backend backend, String username, String password) throws IOException;
}
