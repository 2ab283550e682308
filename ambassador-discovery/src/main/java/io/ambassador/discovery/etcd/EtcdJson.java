package io.ambassador.discovery.etcd;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.ambassador.spi.secret.Secret;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * The messages of etcd's JSON API: 64-bit numbers are text, bytes are Base64, and what is zero or empty is left out.
 *
 * @see <a href="https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/">etcd, gRPC gateway</a>
 */
final class EtcdJson {
    private static final JsonFactory JSON = new JsonFactory();
    private static final byte[] TOKEN = "\"token\":\"".getBytes(UTF_8);

    private EtcdJson() {}

    /** @param to the first key beyond the range */
    static String range(String from, String to, int limit, long revision, boolean keysOnly) {
        return "{\"key\":\"" + base64(from) + "\",\"range_end\":\"" + base64(to) + "\",\"limit\":\"" + limit + '"'
                + (revision > 0 ? ",\"revision\":\"" + revision + '"' : "")
                + (keysOnly ? ",\"keys_only\":true" : "") + "}";
    }

    static String watch(String from, String to, long startRevision) {
        return "{\"create_request\":{\"key\":\"" + base64(from) + "\",\"range_end\":\"" + base64(to)
                + "\",\"start_revision\":\"" + startRevision + "\",\"progress_notify\":true,\"fragment\":true}}";
    }

    /** Without ever making text of the password. */
    static Secret credentials(String username, Secret password) {
        byte[] bytes = password.reveal();
        byte[] json = new byte[64 + 6 * (username.length() * 3 + bytes.length)];
        int length = put(json, 0, "{\"name\":\"".getBytes(UTF_8));
        length = escaped(json, length, username.getBytes(UTF_8));
        length = put(json, length, "\",\"password\":\"".getBytes(UTF_8));
        length = escaped(json, length, bytes);
        length = put(json, length, "\"}".getBytes(UTF_8));
        byte[] exact = Arrays.copyOf(json, length);
        Arrays.fill(json, (byte) 0);
        Arrays.fill(bytes, (byte) 0);
        return Secret.owning(exact);
    }

    /** @param answer is wiped */
    static Secret token(byte[] answer) throws IOException {
        try {
            int from = indexOf(answer, TOKEN) + TOKEN.length;
            int to = from;
            while (from >= TOKEN.length && to < answer.length && answer[to] != '"') {
                to++;
            }
            if (from < TOKEN.length || to == from || to == answer.length) {
                throw new IOException("holds no token");
            }
            return Secret.owning(Arrays.copyOfRange(answer, from, to));
        } finally {
            Arrays.fill(answer, (byte) 0);
        }
    }

    static Page page(byte[] answer) throws IOException {
        try (JsonParser in = JSON.createParser(answer)) {
            long[] numbers = new long[2]; // revision and count
            boolean more = false;
            List<KeyValue> keys = new ArrayList<>();
            begin(in);
            while (in.nextToken() != JsonToken.END_OBJECT) {
                String field = in.currentName();
                in.nextToken();
                switch (field) {
                    case "header" -> numbers[0] = revision(in);
                    case "count" -> numbers[1] = number(in);
                    case "more" -> more = in.getBooleanValue();
                    case "kvs" -> {
                        while (in.nextToken() != JsonToken.END_ARRAY) {
                            keys.add(keyValue(in, false));
                        }
                    }
                    default -> in.skipChildren();
                }
            }
            return new Page(numbers[0], numbers[1], more, List.copyOf(keys));
        }
    }

    static WatchReply watchReply(String line) throws IOException {
        try (JsonParser in = JSON.createParser(line)) {
            begin(in);
            in.nextToken();
            String field = in.currentName();
            in.nextToken();
            if ("result".equals(field)) {
                return result(in);
            }
            return WatchReply.broken(refusal(line.getBytes(UTF_8), 0, line).message());
        }
    }

    private static WatchReply result(JsonParser in) throws IOException {
        long id = 0;
        long compacted = 0;
        boolean created = false;
        boolean canceled = false;
        boolean fragment = false;
        String reason = "";
        List<KeyValue> events = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String field = in.currentName();
            in.nextToken();
            switch (field) {
                case "watch_id" -> id = number(in);
                case "compact_revision" -> compacted = number(in);
                case "created" -> created = in.getBooleanValue();
                case "canceled" -> canceled = in.getBooleanValue();
                case "fragment" -> fragment = in.getBooleanValue();
                case "cancel_reason" -> reason = in.getText();
                case "events" -> {
                    while (in.nextToken() != JsonToken.END_ARRAY) {
                        events.add(event(in));
                    }
                }
                default -> in.skipChildren();
            }
        }
        return new WatchReply(id, created, canceled, compacted, fragment, List.copyOf(events), reason);
    }

    private static KeyValue event(JsonParser in) throws IOException {
        boolean deleted = false;
        KeyValue put = null;
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String field = in.currentName();
            in.nextToken();
            switch (field) {
                case "type" -> deleted = in.getText().equals("DELETE");
                case "kv" -> put = keyValue(in, deleted);
                default -> in.skipChildren();
            }
        }
        if (put == null) {
            throw new IOException("an event names no key");
        }
        return deleted ? KeyValue.deleted(put.key(), put.modified()) : put;
    }

    private static KeyValue keyValue(JsonParser in, boolean deleted) throws IOException {
        String key = "";
        long modified = 0;
        byte[] value = {};
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String field = in.currentName();
            in.nextToken();
            switch (field) {
                case "key" -> key = new String(in.getBinaryValue(), ISO_8859_1);
                case "mod_revision" -> modified = number(in);
                case "value" -> value = in.getBinaryValue();
                default -> in.skipChildren();
            }
        }
        return deleted ? KeyValue.deleted(key, modified) : KeyValue.of(key, modified, value);
    }

    /** A code and a message. */
    record Refusal(int code, String message) {}

    /** Reads {@code {"code":…,"message":…}}, as it is or as a stream wraps it; anything else is its own message. */
    static Refusal refusal(byte[] answer, int otherwise, String summary) {
        int code = otherwise;
        String message = summary;
        try (JsonParser in = JSON.createParser(answer)) {
            while (in.nextToken() != null) {
                String field = in.currentName();
                if (field == null || !in.currentToken().isScalarValue()) {
                    continue;
                }
                switch (field) {
                    case "code", "grpc_code" -> code = (int) number(in);
                    case "message" -> message = in.getText();
                    default -> {}
                }
            }
        } catch (IOException e) {
            return new Refusal(code, message); // not etcd's own words, such as a proxy's page
        }
        return new Refusal(code, message);
    }

    private static long revision(JsonParser in) throws IOException {
        long revision = 0;
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String field = in.currentName();
            in.nextToken();
            if (field.equals("revision")) {
                revision = number(in);
            } else {
                in.skipChildren();
            }
        }
        return revision;
    }

    private static void begin(JsonParser in) throws IOException {
        if (in.nextToken() != JsonToken.START_OBJECT) {
            throw new IOException("is not a JSON object");
        }
    }

    private static long number(JsonParser in) throws IOException {
        try {
            return Long.parseLong(in.getText());
        } catch (NumberFormatException e) {
            throw new IOException(in.currentName() + " is not a number", e);
        }
    }

    private static String base64(String key) {
        return Base64.getEncoder().encodeToString(key.getBytes(ISO_8859_1));
    }

    private static int put(byte[] to, int at, byte[] bytes) {
        System.arraycopy(bytes, 0, to, at, bytes.length);
        return at + bytes.length;
    }

    private static int escaped(byte[] to, int start, byte[] bytes) {
        int at = start;
        for (byte each : bytes) {
            if (each == '"' || each == '\\') {
                to[at++] = '\\';
                to[at++] = each;
            } else if (each >= 0 && each < ' ') {
                at = put(to, at, new byte[] {'\\', 'u', '0', '0', hex(each >> 4), hex(each & 15)});
            } else {
                to[at++] = each;
            }
        }
        return at;
    }

    private static byte hex(int digit) {
        return (byte) Character.forDigit(digit, 16);
    }

    private static int indexOf(byte[] whole, byte[] part) {
        for (int at = 0; at + part.length <= whole.length; at++) {
            if (Arrays.equals(whole, at, at + part.length, part, 0, part.length)) {
                return at;
            }
        }
        return -part.length;
    }
}
