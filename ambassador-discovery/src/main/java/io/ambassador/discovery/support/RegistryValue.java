package io.ambassador.discovery.support;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What people and registrars write about endpoints into a registry of keys and values: {@code host:port}, lists of
 * that, or JSON with a host and a port under one of the names that are in use.
 */
public final class RegistryValue {
    private static final JsonFactory JSON = new JsonFactory();

    private final JsonParser in;
    private final List<EndpointEntry> entries = new ArrayList<>();

    private RegistryValue(JsonParser in) {
        this.in = in;
    }

    /**
     * Reads one value. Of a JSON document, what is not about an endpoint is passed over.
     *
     * @throws IllegalArgumentException if it names no endpoint, or one that cannot be; the message says why
     */
    public static List<EndpointEntry> parse(byte[] value) {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(value))
                    .toString()
                    .strip();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("is not UTF-8", e);
        }
        if (text.isEmpty()) {
            throw new IllegalArgumentException("is empty (expected: host:port, or JSON with host and port)");
        }
        return isJson(text) ? json(text) : list(text);
    }

    /** {@code [::1]:6379} is none. */
    private static boolean isJson(String text) {
        char first = text.charAt(0);
        boolean address = text.length() > 1 && (text.charAt(1) == ':' || Character.digit(text.charAt(1), 16) >= 0);
        return first == '{' || first == '"' || first == '[' && !address;
    }

    /** {@code host:port} with what may follow it, between commas or white space. */
    private static List<EndpointEntry> list(String text) {
        List<EndpointEntry> entries = new ArrayList<>();
        for (String each : text.split("[,\\s]+")) {
            if (!each.isEmpty()) {
                entries.add(EndpointEntry.parse(each));
            }
        }
        return List.copyOf(entries);
    }

    private static List<EndpointEntry> json(String text) {
        try (JsonParser in = JSON.createParser(text)) {
            RegistryValue value = new RegistryValue(in);
            value.element(in.nextToken(), true);
            if (in.nextToken() != null) {
                throw new IllegalArgumentException("something follows the JSON document");
            }
            return List.copyOf(value.entries);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new IllegalArgumentException(e.toString(), e);
        }
    }

    private void element(JsonToken token, boolean outermost) throws IOException {
        if (token == JsonToken.VALUE_STRING) {
            entries.addAll(list(in.getText()));
        } else if (token == JsonToken.START_OBJECT) {
            entries.add(object());
        } else if (token == JsonToken.START_ARRAY && outermost) {
            JsonToken next;
            while ((next = in.nextToken()) != JsonToken.END_ARRAY) {
                if (next == null) {
                    throw new IllegalArgumentException("ends too early");
                }
                element(next, false);
            }
        } else {
            throw new IllegalArgumentException("expected \"host:port\", or an object with host and port");
        }
    }

    private EndpointEntry object() throws IOException {
        Map<String, String> fields = new HashMap<>();
        Set<String> tags = Set.of();
        Map<String, String> metadata = Map.of();
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String key = in.currentName().toLowerCase(Locale.ROOT);
            JsonToken value = in.nextToken();
            if (key.equals("tags")) {
                tags = tags(value);
            } else if (key.equals("metadata") && value == JsonToken.START_OBJECT) {
                metadata = metadata();
            } else if (value.isScalarValue() && value != JsonToken.VALUE_NULL) {
                fields.put(key, in.getText());
            } else {
                in.skipChildren();
            }
        }
        return entry(fields, tags, metadata);
    }

    private static EndpointEntry entry(Map<String, String> fields, Set<String> tags, Map<String, String> metadata) {
        String host = first(fields, "ipaddress", "ip", "host", "address", "addr");
        String port = first(fields, "host_port", "port");
        if (host == null) {
            throw new IllegalArgumentException("names no host (expected one of ipaddress, ip, host, address, addr)");
        }
        EndpointEntry named;
        if (port == null) { // as gRPC's own documents have it
            named = EndpointEntry.parse(host);
        } else {
            String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
            named = EndpointEntry.of(bare, number("port", port));
        }
        String weight = fields.get("weight");
        String priority = fields.get("priority");
        String zone = fields.get("zone");
        return new EndpointEntry(
                named.host(),
                named.port(),
                weight == null ? named.weight() : number("weight", weight),
                priority == null ? named.priority() : number("priority", priority),
                zone == null ? named.zone() : zone,
                tags,
                metadata);
    }

    private Set<String> tags(JsonToken start) throws IOException {
        Set<String> tags = new HashSet<>();
        if (start == JsonToken.VALUE_STRING) {
            for (String tag : in.getText().split(",")) {
                if (!tag.isBlank()) {
                    tags.add(tag.strip());
                }
            }
        } else if (start == JsonToken.START_ARRAY) {
            JsonToken value;
            while ((value = in.nextToken()) != JsonToken.END_ARRAY) {
                if (value == JsonToken.VALUE_STRING) {
                    tags.add(in.getText());
                } else {
                    in.skipChildren();
                }
            }
        } else {
            in.skipChildren();
        }
        return tags;
    }

    private Map<String, String> metadata() throws IOException {
        Map<String, String> metadata = new HashMap<>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String key = in.currentName();
            JsonToken value = in.nextToken();
            if (value.isScalarValue() && value != JsonToken.VALUE_NULL) {
                metadata.put(key, in.getText());
            } else {
                in.skipChildren();
            }
        }
        return metadata;
    }

    private static @Nullable String first(Map<String, String> fields, String... names) {
        for (String name : names) {
            String value = fields.get(name);
            if (value != null && !value.isEmpty()) {
                return value;
            }
        }
        return null;
    }

    private static int number(String what, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    what + ": \"" + text + "\" (expected: a whole number up to " + Endpoint.MAX_WEIGHT + ")", e);
        }
    }
}
