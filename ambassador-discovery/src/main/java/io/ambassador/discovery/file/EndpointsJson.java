package io.ambassador.discovery.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.Words;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** An array whose elements are {@code "host:port;weight=2"}, or objects with host and port. */
final class EndpointsJson {
    private static final List<String> KEYS = List.of("host", "port", "weight", "priority", "zone", "tags", "metadata");
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final JsonParser in;

    private EndpointsJson(JsonParser in) {
        this.in = in;
    }

    /** @throws IllegalArgumentException with line and column of what is wrong */
    static List<EndpointEntry> parse(String text) {
        try (JsonParser in = JSON.createParser(text)) {
            try {
                return new EndpointsJson(in).entries();
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(at(in) + e.getMessage(), e);
            } catch (JsonProcessingException e) {
                throw new IllegalArgumentException(at(in) + e.getOriginalMessage(), e);
            }
        } catch (IOException e) {
            throw new IllegalArgumentException(e.toString(), e);
        }
    }

    private List<EndpointEntry> entries() throws IOException {
        expect(in.nextToken(), JsonToken.START_ARRAY, "an array of endpoints");
        List<EndpointEntry> entries = new ArrayList<>();
        JsonToken token;
        while ((token = in.nextToken()) != JsonToken.END_ARRAY) {
            if (token == JsonToken.VALUE_STRING) {
                entries.add(EndpointEntry.parse(in.getText()));
            } else {
                expect(token, JsonToken.START_OBJECT, "\"host:port\" or an object with host and port");
                entries.add(entry());
            }
        }
        if (in.nextToken() != null) {
            throw new IllegalArgumentException("something follows the array");
        }
        return List.copyOf(entries);
    }

    private EndpointEntry entry() throws IOException {
        String host = "";
        int port = 0;
        int weight = 1;
        int priority = 0;
        String zone = "";
        Set<String> tags = Set.of();
        Map<String, String> metadata = Map.of();
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String key = in.currentName();
            JsonToken value = in.nextToken();
            switch (key) {
                case "host" -> host = text(key, value);
                case "port" -> port = integer(key, value);
                case "weight" -> weight = integer(key, value);
                case "priority" -> priority = integer(key, value);
                case "metadata" -> metadata = metadata(value);
                case "zone" -> zone = text(key, value);
                case "tags" -> tags = tags(value);
                default ->
                    throw new IllegalArgumentException(
                            "\"" + key + "\" is not a known key (" + Words.didYouMean(key, KEYS) + ")");
            }
        }
        return new EndpointEntry(host, port, weight, priority, zone, tags, metadata);
    }

    private Map<String, String> metadata(JsonToken start) throws IOException {
        expect(start, JsonToken.START_OBJECT, "an object of text as metadata");
        Map<String, String> metadata = new HashMap<>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String key = in.currentName();
            JsonToken value = in.nextToken();
            if (!value.isScalarValue()) {
                throw new IllegalArgumentException("metadata." + key + " (expected: text)");
            }
            metadata.put(key, in.getText());
        }
        return metadata;
    }

    private Set<String> tags(JsonToken start) throws IOException {
        expect(start, JsonToken.START_ARRAY, "an array of text as tags");
        Set<String> tags = new HashSet<>();
        JsonToken value;
        while ((value = in.nextToken()) != JsonToken.END_ARRAY) {
            tags.add(text("tags", value));
        }
        return tags;
    }

    private String text(String key, JsonToken value) throws IOException {
        expect(value, JsonToken.VALUE_STRING, "text as " + key);
        return in.getText();
    }

    private int integer(String key, JsonToken value) throws IOException {
        expect(value, JsonToken.VALUE_NUMBER_INT, "a whole number as " + key);
        return in.getIntValue();
    }

    private static void expect(JsonToken found, JsonToken wanted, String what) {
        if (found != wanted) {
            throw new IllegalArgumentException(found == null ? "ends too early" : "expected " + what);
        }
    }

    private static String at(JsonParser in) {
        return "line " + in.currentLocation().getLineNr() + ", column "
                + in.currentLocation().getColumnNr() + ": ";
    }
}
