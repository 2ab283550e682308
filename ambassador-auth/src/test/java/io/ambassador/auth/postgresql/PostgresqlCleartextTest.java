package io.ambassador.auth.postgresql;

import java.io.IOException;
import java.util.Arrays;

class PostgresqlCleartextTest extends PostgresqlContract {
    @Override
    boolean ask(Backend backend, String username, String password) throws IOException {
        backend.say(Backend.authentication(3, new byte[0]));
        return Arrays.equals(Backend.text(password), backend.answer());
    }
}
