package io.ambassador.auth.postgresql;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.auth.RotationOrder;
import io.ambassador.auth.Visitors;
import io.ambassador.service.Credentials;
import io.ambassador.service.ServiceStatus.CredentialState;
import io.ambassador.service.ServiceStatus.CredentialStatus;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.PostgresServer;
import io.ambassador.testkit.PostgresServer.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Passwords that change at a real server and in the file at different times, seen from its clients. */
class PostgresRotationIT {
    private static final String REFUSED = "password authentication failed for user";

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "SERVER_FIRST_AND_THE_NEXT_IS_KNOWN, SCRAM",
        "SERVER_FIRST_AND_CLIENTS_WAIT, SCRAM",
        "SERVER_LAST, SCRAM",
        "SERVER_LAST, MD5"
    })
    void noClientNotices(RotationOrder order, Method method) throws Exception {
        Path next = Files.createDirectory(directory.resolve("next"));
        Front.credentials(next, "new");
        Credentials credentials = Front.credentials(directory).rotating(order.spec(next.resolve("pg-password")));
        try (PostgresServer server = Front.server(method).start();
                Ambassador ambassador = Front.of(
                        // A probe that logs in at the moment of the change would be one more login that is refused.
                        service -> service.credentials(credentials).health(Front.unprobed()),
                        server.port());
                Visitors clients = new Visitors(Duration.ofMillis(100), () -> ask(ambassador))) {
            clients.awaitServed(10);
            change(order.isServerFirst(), server, method);
            RotationOrder.awaitEndOfGap();
            change(!order.isServerFirst(), server, method);
            clients.awaitServed(clients.served() + 20);
            await().until(() -> status(ambassador).version() == 2);
            clients.stop();

            assertEquals(List.of(), clients.errors());
            assertEquals(CredentialState.ACCEPTED, status(ambassador).state());
            long refusals = server.logged(REFUSED);
            System.out.printf(
                    "measured: %s, %s: %d clients served over a gap of %d s, %d logins refused%n",
                    order, method, clients.served(), RotationOrder.GAP.toSeconds(), refusals);
            assertTrue(refusals >= 1 && refusals <= 2, refusals + " logins were refused");
        }
    }

    @Test
    void aWrongPasswordDoesNotLockTheAccount() throws Exception {
        Credentials credentials = Front.credentials(directory, "wrong");
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador = Front.of(service -> service.credentials(credentials), server.port());
                Visitors clients = new Visitors(Duration.ofMillis(10), () -> ask(ambassador))) {
            await().until(() -> clients.errors().size() >= 600);
            clients.stop();
            long refusals = server.logged(REFUSED);
            System.out.printf(
                    "measured: wrong password: %d clients refused, %d logins at the server%n",
                    clients.errors().size(), refusals);
            assertTrue(refusals >= 1 && refusals <= 10, refusals + " logins were refused");
            assertEquals(0, clients.served());
            assertTrue(
                    clients.errors().stream()
                            .allMatch(said -> said.startsWith("28") || said.startsWith("08") || said.startsWith("57")),
                    clients.errors().toString());
            assertEquals(CredentialState.REFUSED, status(ambassador).state());

            Front.credentials(directory);
            await().until(() -> ask(ambassador).equals(Visitors.SERVED));
        }
    }

    private void change(boolean atTheServer, PostgresServer server, Method method) throws Exception {
        if (atTheServer) {
            server.sql("SET password_encryption = '" + (method == Method.MD5 ? "md5" : "scram-sha-256")
                    + "'; ALTER ROLE app PASSWORD 'new'");
        } else {
            Front.credentials(directory, "new");
        }
    }

    /** One client with one query. @return {@link Visitors#SERVED}, or the SQLSTATE it got */
    private static String ask(Ambassador ambassador) {
        try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE), RotationOrder.GAP.plusMinutes(2))) {
            client.send(PgClient.startup("user", Front.CLIENT_USER, "database", Front.DATABASE));
            List<PgClient.Message> answer = client.readTo('Z');
            PgClient.Message last = answer.get(answer.size() - 1);
            if (last.type() != 'Z') {
                return last.field('C') + " " + last.field('M');
            }
            client.send(PgClient.query("SELECT 1"));
            client.readTo('Z');
            return Visitors.SERVED;
        }
    }

    private static CredentialStatus status(Ambassador ambassador) {
        return ambassador.services().get(0).credentials();
    }
}
