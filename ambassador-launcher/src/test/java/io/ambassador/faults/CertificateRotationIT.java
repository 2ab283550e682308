package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.Certificates.Issued;
import io.ambassador.testkit.Tls;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Authorities, certificates and keys change under load, on both sides of the packaged sidecar, once by their files and
 * once by a reload that names others: no handshake fails, and an authority that has gone vouches for nobody any more,
 * not for a session of before either.
 */
class CertificateRotationIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String NAME = "backend.example";
    private static final int INTRUSIONS = 20;

    @TempDir
    private Path folder;

    private Certificates first;
    private Certificates second;
    private Certificates third;
    private volatile SSLContext client;

    @BeforeEach
    void found() {
        first = Certificates.in(folder);
        second = Certificates.in(folder);
        third = Certificates.in(folder);
    }

    @Test
    void nothingFailsAndNothingIsResumedUnderAnAuthorityThatHasGone() throws Exception {
        SSLContext oldBackend = backend(first);
        SSLContext oldClient = client(first);
        client = oldClient;
        Path ca = bundle("ca.pem", first);
        Path clientCa = bundle("client-ca.pem", first);
        Issued own = first.server("127.0.0.1");
        try (TlsEcho backend = TlsEcho.start(oldBackend);
                SidecarProcess sidecar = SidecarProcess.start(settings(backend, ca, own, clientCa))) {
            int served = 0;
            try (NewConnections clients = NewConnections.start(() -> call(sidecar, client), 4, 60)) {
                awaitClients(clients, 60);
                assertTrue(backend.resumed() > 0, "sessions are not resumed at all: nothing is shown");

                int read = reads(sidecar);
                bundle("ca.pem", first, second);
                bundle("client-ca.pem", first, second);
                await().atMost(PATIENCE).until(() -> reads(sidecar) >= read + 2);
                awaitClients(clients, 30);

                backend.use(backend(second));
                client = client(second);
                Issued next = second.server("127.0.0.1");
                replace(own.certificate(), Files.readString(next.certificate()));
                replace(own.key(), Files.readString(next.key()));
                await().atMost(PATIENCE).until(() -> shown(sidecar).equals(certificate(next)));
                awaitClients(clients, 30);

                int readAgain = reads(sidecar);
                bundle("ca.pem", second);
                bundle("client-ca.pem", second);
                await().atMost(PATIENCE).until(() -> reads(sidecar) >= readAgain + 2);
                awaitClients(clients, 30);
                served += finish(clients);
            }
            assertShutOut(sidecar, backend, oldBackend, backend(second), oldClient);
            SSLContext secondBackend = backend(second);
            SSLContext secondClient = client;
            backend.use(secondBackend);
            try (NewConnections clients = NewConnections.start(() -> call(sidecar, client), 4, 60)) {
                awaitClients(clients, 30);
                Path both = bundle("both.pem", second, third);
                reload(sidecar, settings(backend, both, own, both));
                awaitClients(clients, 30);

                backend.use(backend(third));
                client = client(third);
                Issued last = third.server("127.0.0.1");
                reload(sidecar, settings(backend, both, last, both));
                assertEquals(certificate(last), shown(sidecar));
                awaitClients(clients, 30);

                reload(sidecar, settings(backend, third.ca(), last, third.ca()));
                awaitClients(clients, 30);
                served += finish(clients);
            }
            int resumed = backend.resumed();
            assertShutOut(sidecar, backend, secondBackend, backend(third), secondClient);
            report(
                    "certificates and authorities rotated twice on both sides: %d clients, 0 failed handshakes, %d"
                            + " sessions with the backend resumed, 0 of %d under an authority that had gone",
                    served, resumed, 4 * INTRUSIONS);
        }
    }

    /** Neither the backend nor the client of before gets through, with the sessions that they have. */
    private void assertShutOut(
            SidecarProcess sidecar,
            TlsEcho backend,
            SSLContext oldBackend,
            SSLContext presentBackend,
            SSLContext oldClient)
            throws Exception {
        backend.use(oldBackend);
        int before = backend.handshakes();
        for (int i = 0; i < INTRUSIONS; i++) {
            assertRefused(sidecar, client);
        }
        assertEquals(before, backend.handshakes());
        backend.use(presentBackend);
        call(sidecar, client);
        int after = backend.handshakes();
        for (int i = 0; i < INTRUSIONS; i++) {
            assertRefused(sidecar, oldClient);
        }
        assertEquals(after, backend.handshakes());
    }

    private static void assertRefused(SidecarProcess sidecar, SSLContext context) {
        try {
            call(sidecar, context);
        } catch (IOException expected) {
            return;
        }
        throw new AssertionError("was let through");
    }

    private static int call(SidecarProcess sidecar, SSLContext context) throws IOException {
        Socket plain = new Socket();
        plain.connect(sidecar.address(), 10_000);
        plain.setSoTimeout(20_000);
        try (SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(plain, "127.0.0.1", plain.getPort(), true)) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            int number = in.readInt();
            out.writeLong(number);
            if (in.readLong() != number) {
                throw new IOException("something else came back");
            }
            return number;
        }
    }

    private X509Certificate shown(SidecarProcess sidecar) throws IOException {
        Socket plain = new Socket();
        plain.connect(sidecar.address(), 10_000);
        try (SSLSocket socket = (SSLSocket) Tls.context(second.client("looks"), first, second, third)
                .getSocketFactory()
                .createSocket(plain, "127.0.0.1", plain.getPort(), true)) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    private static X509Certificate certificate(Issued issued) throws Exception {
        try (InputStream in = Files.newInputStream(issued.certificate())) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private SSLContext backend(Certificates authority) {
        return Tls.context(authority.server(NAME));
    }

    private SSLContext client(Certificates authority) {
        return Tls.context(authority.client("client"), first, second, third);
    }

    private static String settings(TlsEcho backend, Path ca, Issued own, Path clientCa) {
        return "discovery = \"static://127.0.0.1:" + backend.port()
                + "\", health.probe = off, limits.connect-timeout = 20s, tls { server-name = "
                + NAME + ", ca = \"" + ca + "\" }, client-tls { certificate = \"" + own.certificate() + "\", key = \""
                + own.key() + "\", client-ca = \"" + clientCa + "\" }";
    }

    private static void reload(SidecarProcess sidecar, String settings) throws IOException {
        List<String> lines = Files.readAllLines(sidecar.configuration());
        String service = lines.get(1);
        Files.writeString(
                sidecar.configuration(),
                lines.get(0) + "\n" + service.substring(0, service.indexOf(',') + 1) + " " + settings + " }\n");
        HttpResponse<String> answer = sidecar.reload();
        assertEquals(200, answer.statusCode(), answer.body());
        assertTrue(answer.body().contains("\"applied\""), answer.body());
    }

    private static int reads(SidecarProcess sidecar) {
        return (int) sidecar.log().stream()
                .filter(line -> line.contains("certificates and keys were read again"))
                .count();
    }

    private static void awaitClients(NewConnections clients, int more) {
        long now = System.nanoTime();
        await().atMost(PATIENCE).until(() -> clients.since(now).size() >= more);
    }

    private static int finish(NewConnections clients) throws InterruptedException {
        clients.close();
        assertEquals(List.of(), NewConnections.failed(clients.all()));
        return clients.all().size();
    }

    private Path bundle(String name, Certificates... authorities) throws IOException {
        StringBuilder pem = new StringBuilder();
        for (Certificates authority : authorities) {
            pem.append(Files.readString(authority.ca()));
        }
        Path file = folder.resolve(name);
        replace(file, pem.toString());
        return file;
    }

    /** At once, and readable by its owner alone. */
    private static void replace(Path file, String content) throws IOException {
        Path next = Files.createFile(
                file.resolveSibling("next"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(next, content);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
