package io.ambassador.testkit;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** A certificate authority made for one test, and the PEM files of what it issues. */
public final class Certificates {
    /** PEM files of one certificate chain and its private key (PKCS #8, mode 0600). */
    public record Issued(Path certificate, Path key) {}

    private final Path directory;
    private final X509Bundle authority;
    private final Path ca;

    private Certificates(Path directory, X509Bundle authority, Path ca) {
        this.directory = directory;
        this.authority = authority;
        this.ca = ca;
    }

    /** A new authority, unrelated to any other, whose files go to {@code directory}. */
    public static Certificates in(Path directory) {
        try {
            X509Bundle authority = new CertificateBuilder()
                    .ecp256()
                    .subject("CN=Test CA " + System.nanoTime())
                    .setIsCertificateAuthority(true)
                    .buildSelfSigned();
            Path ca = Files.writeString(
                    Files.createTempFile(directory, "ca", ".pem"),
                    authority.getCertificatePEM(),
                    StandardCharsets.US_ASCII);
            return new Certificates(directory, authority, ca);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The authority's own certificate. */
    public Path ca() {
        return ca;
    }

    /** For a server called by any of {@code names}: DNS names, or IP addresses. */
    public Issued server(String... names) {
        return issue(base().addExtendedKeyUsageServerAuth(), names);
    }

    /** As {@link #server}, and to be shown by a client, too. */
    public Issued serverAndClient(String... names) {
        return issue(base().addExtendedKeyUsageServerAuth().addExtendedKeyUsageClientAuth(), names);
    }

    /** As {@link #server}, valid until yesterday. */
    public Issued expiredServer(String... names) {
        Instant now = Instant.now();
        return issue(
                base().addExtendedKeyUsageServerAuth()
                        .notBefore(now.minus(Duration.ofDays(9)))
                        .notAfter(now.minus(Duration.ofDays(1))),
                names);
    }

    /** As {@link #server}, valid from tomorrow. */
    public Issued notYetValidServer(String... names) {
        Instant now = Instant.now();
        return issue(
                base().addExtendedKeyUsageServerAuth()
                        .notBefore(now.plus(Duration.ofDays(1)))
                        .notAfter(now.plus(Duration.ofDays(9))),
                names);
    }

    /** As {@link #server}, but for use by clients only. */
    public Issued wrongPurposeServer(String... names) {
        return issue(base().addExtendedKeyUsageClientAuth(), names);
    }

    /** For a server called {@code commonName}, without any subject alternative name. */
    public Issued namelessServer(String commonName) {
        return issue(base().subject("CN=" + commonName).addExtendedKeyUsageServerAuth());
    }

    /** For a server, with {@code name} as a DNS name even if it is an IP address. */
    public Issued serverWithDnsName(String name) {
        return issue(base().addExtendedKeyUsageServerAuth().addSanDnsName(name));
    }

    /** For a client. */
    public Issued client(String commonName) {
        return issue(base().subject("CN=" + commonName).addExtendedKeyUsageClientAuth());
    }

    private static CertificateBuilder base() {
        Instant now = Instant.now();
        return new CertificateBuilder()
                .ecp256()
                .subject("CN=ambassador test")
                .notBefore(now.minus(Duration.ofHours(1)))
                .notAfter(now.plus(Duration.ofDays(30)));
    }

    private Issued issue(CertificateBuilder builder, String... names) {
        try {
            for (String name : names) {
                if (name.matches("[0-9.]+|.*:.*")) {
                    builder.addSanIpAddress(name);
                } else {
                    builder.addSanDnsName(name);
                }
            }
            X509Bundle bundle = builder.buildIssuedBy(authority);
            return new Issued(
                    write("certificate", bundle.getCertificatePEM()), write("key", bundle.getPrivateKeyPEM()));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** As a temporary file, which only its owner can read. */
    private Path write(String name, String pem) throws IOException {
        return Files.writeString(Files.createTempFile(directory, name + "-", ".pem"), pem);
    }
}
