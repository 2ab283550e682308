package io.ambassador.service;

import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The endpoints a source told last, on disk, so that a restart while the registry is away still finds them. One file
 * a source, whose name changes with the source's settings: answers to another question are never used.
 *
 * <p>A line an endpoint: address, port, weight and priority, with tabs between. Metadata is not kept.
 */
final class EndpointCache {
    private static final String HEADER = "# endpoints 1";

    private final Path file;

    /** @param question everything the answer depends on */
    EndpointCache(Path directory, String service, String question) {
        this.file = directory.resolve(service + "-" + digest(question) + ".endpoints");
    }

    /** The endpoints kept; empty if there are none. */
    Set<Endpoint> load() throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            return Set.of();
        }
        if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
            throw new IOException(file + " is not a file of endpoints. Remove it");
        }
        Set<Endpoint> endpoints = new LinkedHashSet<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split("\t");
            try {
                endpoints.add(new Endpoint(
                        fields[0],
                        Integer.parseInt(fields[1]),
                        Integer.parseInt(fields[2]),
                        Integer.parseInt(fields[3]),
                        Map.of()));
            } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
                throw new IOException(file + " has a line that is not an endpoint. Remove it", e);
            }
        }
        return endpoints;
    }

    /** Replaces what is kept, all or nothing. */
    void store(Collection<Endpoint> endpoints) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(HEADER);
        for (Endpoint endpoint : endpoints) {
            lines.add(endpoint.host() + "\t" + endpoint.port() + "\t" + endpoint.weight() + "\t" + endpoint.priority());
        }
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.write(fresh, lines);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String digest(String question) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(question.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JVM has SHA-256.", e);
        }
    }
}
