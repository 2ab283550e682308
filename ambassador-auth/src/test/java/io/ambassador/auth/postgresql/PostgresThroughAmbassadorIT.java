package io.ambassador.auth.postgresql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shortest way through: one server, with and without credentials. */
class PostgresThroughAmbassadorIT {
    @TempDir
    Path directory;

    @Test
    void aClientNeedsNoPasswordWhereTheAmbassadorHasOne() throws Exception {
        Credentials credentials = Front.credentials(directory);
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador = Front.of(service -> service.credentials(credentials), server.port())) {
            assertEquals("app", Program.psql(ambassador, "SELECT current_user"));
            assertTrue(server.logged("method=scram-sha-256") > 0, server.output());
        }
    }

    @Test
    void aClientLogsInForItselfWhereTheAmbassadorCannot() throws Exception {
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador = Front.of(service -> {}, server.port())) {
            Properties own = new Properties();
            own.setProperty("password", Front.PASSWORD);
            own.setProperty("options", "-c statement_timeout=1234");
            int port = ambassador.address(Front.SERVICE).getPort();
            try (Connection client = Front.jdbc(port, Front.USER, Front.DATABASE, own);
                    Statement statement = client.createStatement();
                    ResultSet row = statement.executeQuery("SHOW statement_timeout")) {
                assertTrue(row.next());
                assertEquals("1234ms", row.getString(1));
            }
            own.setProperty("password", "wrong");
            SQLException refused = assertThrows(
                    SQLException.class,
                    () -> Front.jdbc(port, Front.USER, Front.DATABASE, own).close());
            assertEquals("28P01", refused.getSQLState(), refused.getMessage());
        }
    }
}
