package io.ambassador.transport;

import io.ambassador.spi.ConfigurationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The PEM files of one TLS configuration.
 *
 * @param key the configuration key they stand below, for messages
 */
record TlsFiles(
        String key,
        @Nullable Path ca,
        @Nullable Path certificate,
        @Nullable Path privateKey) {
    private static final int MAX_SIZE = 1024 * 1024;

    List<Path> paths() {
        List<Path> paths = new ArrayList<>();
        for (Path path : Arrays.asList(ca, certificate, privateKey)) {
            if (path != null) {
                paths.add(path);
            }
        }
        return paths;
    }

    /**
     * What to trust; empty without a file.
     *
     * @param name of the file's key below {@code key}
     */
    List<X509Certificate> readAuthorities(String name) throws ConfigurationException {
        return ca == null ? List.of() : certificates(name, ca);
    }

    /** Our own certificate with its key; {@code null} for none. */
    @Nullable ClientIdentity readIdentity() throws ConfigurationException {
        if (certificate == null || privateKey == null) {
            return null;
        }
        List<X509Certificate> chain = certificates("certificate", certificate);
        refuseReadableByOthers(privateKey);
        byte[] pem = read("key", privateKey);
        try {
            return ClientIdentity.of(chain, PemKey.parse(pem));
        } catch (IllegalArgumentException e) {
            throw problem("key", privateKey, String.valueOf(e.getMessage()));
        } finally {
            Arrays.fill(pem, (byte) 0);
        }
    }

    private List<X509Certificate> certificates(String name, Path file) throws ConfigurationException {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Certificate each : factory.generateCertificates(new ByteArrayInputStream(read(name, file)))) {
                certificates.add((X509Certificate) each);
            }
        } catch (CertificateException e) {
            throw problem(name, file, "holds no PEM certificates that can be read: " + e.getMessage());
        }
        if (certificates.isEmpty()) {
            throw problem(name, file, "holds no certificate. Put PEM certificates there");
        }
        return certificates;
    }

    private byte[] read(String name, Path file) throws ConfigurationException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_SIZE);
            if (bytes.length == MAX_SIZE) {
                throw problem(name, file, "is larger than 1 MiB. Name a PEM file");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw problem(name, file, "does not exist. Create it, or correct the path");
        } catch (AccessDeniedException e) {
            throw problem(name, file, "may not be read by this process. Make it the file's owner");
        } catch (IOException e) {
            throw problem(name, file, "cannot be read: " + e.getMessage());
        }
    }

    /** As libpq does: private to its owner, or root's and readable by a group that root chose. */
    private void refuseReadableByOthers(Path file) throws ConfigurationException {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (view == null) {
            return; // no such permissions on this file system
        }
        try {
            PosixFileAttributes attributes = view.readAttributes();
            Set<PosixFilePermission> permissions = attributes.permissions();
            if (permissions.contains(PosixFilePermission.OTHERS_READ)
                    || permissions.contains(PosixFilePermission.GROUP_READ)
                            && !attributes.owner().getName().equals("root")) {
                throw problem(
                        "key",
                        file,
                        "can be read by other users. Run chmod 600 on it (defaultMode: 0400 for a Kubernetes volume)");
            }
        } catch (NoSuchFileException e) {
            throw problem("key", file, "does not exist. Create it, or correct the path");
        } catch (IOException e) {
            throw problem("key", file, "cannot be read: " + e.getMessage());
        }
    }

    private ConfigurationException problem(String name, Path file, String reason) {
        return new ConfigurationException(key + "." + name + ": " + file + " " + reason);
    }
}
