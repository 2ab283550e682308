package io.ambassador.auth.postgresql;

import static org.awaitility.Awaitility.await;

import io.ambassador.Ambassador;
import io.ambassador.service.Catalog;
import io.ambassador.service.Credentials;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Properties;
import java.util.Set;

/** Ambassadors in front of PostgreSQL servers, for clients that know neither their user nor its password. */
final class Front {
    static final String SERVICE = "db";
    /** What the servers' certificates are for. */
    static final String NAME = "db.internal.example";

    static final String DATABASE = "shop";
    /** The user the ambassador logs in as. */
    static final String USER = "app";

    static final String PASSWORD = "p\u00e4ss w\"ord' # s3cret";
    /** Whom clients claim to be; no server knows that user. */
    static final String CLIENT_USER = "whoever";

    private Front() {}

    /** A server with {@link #USER} and {@link #DATABASE}. */
    static PostgresServer.Builder server() {
        return server(PostgresServer.Method.SCRAM);
    }

    static PostgresServer.Builder server(PostgresServer.Method method) {
        return PostgresServer.builder().method(method).database(DATABASE).user(USER, PASSWORD);
    }

    static Credentials credentials(Path directory) throws ConfigurationException, IOException {
        return credentials(directory, PASSWORD);
    }

    static Credentials credentials(Path directory, String password) throws ConfigurationException, IOException {
        Path file = directory.resolve("pg-password");
        write(file, password + "\n");
        return Credentials.file(USER, file);
    }

    static TlsSpec trusting(Certificates certificates) {
        return new TlsSpec(NAME, certificates.ca(), null, null);
    }

    /** Replaces the file as a whole. */
    static void write(Path file, String text) throws IOException {
        Path next = Files.createTempFile(
                file.getParent(),
                "next",
                "",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(next, text);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** @param ports of servers on 127.0.0.1 */
    static Ambassador of(Ambassador.Builder.Definition more, int... ports) throws Exception {
        Set<Endpoint> endpoints = new LinkedHashSet<>();
        for (int port : ports) {
            endpoints.add(Endpoint.of("127.0.0.1", port));
        }
        Ambassador ambassador = Ambassador.builder()
                .service(SERVICE, service -> {
                    service.listen("127.0.0.1", 0).protocol("postgresql").discover(listener -> {
                        listener.onState(new EndpointState.Known(endpoints));
                        return () -> {};
                    });
                    more.define(service);
                })
                .start();
        await().until(ambassador::isReady);
        return ambassador;
    }

    /** Probes often, so that changes are noticed soon. */
    static HealthSpec eager() throws ConfigurationException {
        return new HealthSpec(
                Catalog.load().defaultProbe("postgresql"),
                Duration.ofMillis(200),
                Duration.ofSeconds(1),
                1,
                1,
                0.5,
                Duration.ZERO,
                HealthSpec.Outlier.DEFAULT);
    }

    /** Every endpoint counts as healthy. */
    static HealthSpec unprobed() {
        return HealthSpec.DEFAULT.withProbe(null);
    }

    static Connection jdbc(Ambassador ambassador) throws SQLException {
        return jdbc(ambassador, new Properties());
    }

    /** A driver's connection, without a password. */
    static Connection jdbc(Ambassador ambassador, Properties properties) throws SQLException {
        return jdbc(ambassador.address(SERVICE).getPort(), CLIENT_USER, DATABASE, properties);
    }

    /** To a server itself, which has to trust {@code user}. */
    static Connection jdbc(int port, String user, String database, Properties properties) throws SQLException {
        Properties all = new Properties();
        all.setProperty("user", user);
        all.setProperty("connectTimeout", "20");
        all.setProperty("loginTimeout", "20");
        all.putAll(properties);
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + database, all);
    }
}
