package io.ambassador.service;

import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The endpoints a source told last, on disk, so that a restart while the registry is away still finds them. One file
 * a source, whose name changes with the source's settings: answers to another question are never used.
 *
 * <p>A line an endpoint, with tabs between: address, port, weight, priority, then {@code zone=…}, {@code tag=…} and
 * {@code metadata.KEY=…}, percent-encoded.
 */
final class EndpointCache {
    private static final String HEADER = "# endpoints 1";
    private static final String ZONE = "zone";
    private static final String TAG = "tag";
    private static final String METADATA = "metadata.";

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
                endpoints.add(endpoint(fields));
            } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                throw new IOException(file + " has a line that is not an endpoint. Remove it", e);
            }
        }
        return endpoints;
    }

    private static Endpoint endpoint(String[] fields) {
        String zone = "";
        Set<String> tags = new HashSet<>();
        Map<String, String> metadata = new HashMap<>();
        for (String more : Arrays.asList(fields).subList(4, fields.length)) {
            int equals = more.indexOf('=');
            String key = decode(more.substring(0, equals));
            String value = decode(more.substring(equals + 1));
            if (key.equals(ZONE)) {
                zone = value;
            } else if (key.equals(TAG)) {
                tags.add(value);
            } else if (key.startsWith(METADATA)) {
                metadata.put(key.substring(METADATA.length()), value);
            }
        }
        return new Endpoint(
                fields[0],
                Integer.parseInt(fields[1]),
                Integer.parseInt(fields[2]),
                Integer.parseInt(fields[3]),
                zone,
                tags,
                metadata);
    }

    private static String line(Endpoint endpoint) {
        StringBuilder line = new StringBuilder(endpoint.host());
        line.append('\t').append(endpoint.port());
        line.append('\t').append(endpoint.weight());
        line.append('\t').append(endpoint.priority());
        if (!endpoint.zone().isEmpty()) {
            more(line, ZONE, endpoint.zone());
        }
        endpoint.tags().forEach(tag -> more(line, TAG, tag));
        endpoint.metadata().forEach((key, value) -> more(line, METADATA + key, value));
        return line.toString();
    }

    private static void more(StringBuilder line, String key, String value) {
        line.append('\t').append(encode(key)).append('=').append(encode(value));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    /** Replaces what is kept, all or nothing. */
    void store(Collection<Endpoint> endpoints) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(HEADER);
        for (Endpoint endpoint : endpoints) {
            lines.add(line(endpoint));
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
