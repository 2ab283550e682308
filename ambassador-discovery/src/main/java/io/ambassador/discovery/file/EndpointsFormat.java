package io.ambassador.discovery.file;

import io.ambassador.discovery.support.EndpointEntry;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The content of an endpoints file: a JSON array, or one endpoint a line. */
final class EndpointsFormat {
    static final int MAX_ENTRIES = 10_000;

    private EndpointsFormat() {}

    /** @throws IllegalArgumentException if anything in it is wrong; half a file is wrong, too */
    static List<EndpointEntry> parse(byte[] bytes) {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("is not UTF-8", e);
        }
        String content = text.strip();
        if (content.isEmpty()) {
            throw new IllegalArgumentException("is empty, which may mean half-written; write [] for no endpoints");
        }
        char first = content.charAt(0);
        List<EndpointEntry> entries = first == '[' || first == '{' ? EndpointsJson.parse(text) : lines(text);
        if (entries.size() > MAX_ENTRIES) {
            throw new IllegalArgumentException(
                    "has " + entries.size() + " endpoints (expected: at most " + MAX_ENTRIES + ")");
        }
        return entries;
    }

    private static List<EndpointEntry> lines(String text) {
        if (!text.endsWith("\n")) {
            throw new IllegalArgumentException("does not end with a line feed, which may mean half-written");
        }
        List<EndpointEntry> entries = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\n")) {
            number++;
            int comment = line.indexOf('#');
            String content = (comment < 0 ? line : line.substring(0, comment)).strip();
            if (content.isEmpty()) {
                continue;
            }
            try {
                entries.add(EndpointEntry.parse(content.replaceAll("\\s+", ";")));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
            }
        }
        return List.copyOf(entries);
    }
}
