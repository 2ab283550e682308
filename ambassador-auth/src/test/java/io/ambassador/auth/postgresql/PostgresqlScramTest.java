package io.ambassador.auth.postgresql;

import java.io.IOException;

class PostgresqlScramTest extends PostgresqlContract {
    @Override
    boolean ask(Backend backend, String username, String password) throws IOException {
        return backend.scram(password, 16);
    }
}
