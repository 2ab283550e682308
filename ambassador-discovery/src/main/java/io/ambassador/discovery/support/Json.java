package io.ambassador.discovery.support;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One JSON value, read leniently: what is missing, or of another kind, reads as nothing. */
public final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final Json NOTHING = new Json(null);

    /** A map or list of {@code Json}, text, a {@link Number} as text, a {@link Boolean}; {@code null} for nothing. */
    private final @Nullable Object value;

    private Json(@Nullable Object value) {
        this.value = value;
    }

    /** @throws IllegalArgumentException if {@code text} is not one whole JSON value */
    public static Json parse(String text) {
        try (JsonParser in = FACTORY.createParser(text)) {
            return whole(in);
        } catch (JsonProcessingException e) {
            throw notJson(e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw notJson(e.toString(), e);
        }
    }

    /** @throws IllegalArgumentException if {@code in} does not hold one whole JSON value */
    public static Json parse(InputStream in) {
        try (JsonParser parser = FACTORY.createParser(in)) {
            return whole(parser);
        } catch (JsonProcessingException e) {
            throw notJson(e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw notJson(e.toString(), e);
        }
    }

    /**
     * Reads an array one element at a time, so that a long one is never in memory as a whole.
     *
     * @throws IllegalArgumentException if {@code in} does not hold one whole JSON array, or {@code each} throws it
     */
    public static void forEach(InputStream in, Consumer<Json> each) {
        try (JsonParser parser = FACTORY.createParser(in)) {
            if (parser.nextToken() != JsonToken.START_ARRAY) {
                throw new IllegalArgumentException("is not a JSON array");
            }
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                each.accept(value(parser));
            }
            refuseMore(parser);
        } catch (JsonProcessingException e) {
            throw notJson(e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw notJson(e.toString(), e);
        }
    }

    /** The field {@code name} of an object. */
    public Json get(String name) {
        return value instanceof Map<?, ?> object && object.get(name) instanceof Json field ? field : NOTHING;
    }

    public boolean exists() {
        return value != null;
    }

    public boolean isObject() {
        return value instanceof Map;
    }

    /** Text, a number or a truth value as text; else empty. */
    public String text() {
        return value instanceof String || value instanceof Boolean ? value.toString() : "";
    }

    public String text(String name) {
        return get(name).text();
    }

    /** A whole number that fits, be it written as text; else {@code fallback}. */
    public int integer(String name, int fallback) {
        try {
            return Integer.parseInt(text(name));
        } catch (NumberFormatException e) {
            return fallback;
        }
    }

    /** {@code fallback} unless the field is a truth value. */
    public boolean bool(String name, boolean fallback) {
        return get(name).value instanceof Boolean bool ? bool : fallback;
    }

    /** The elements of an array; else none. */
    public List<Json> elements() {
        List<Json> elements = new ArrayList<>();
        if (value instanceof List<?> list) {
            list.forEach(element -> elements.add((Json) element));
        }
        return elements;
    }

    /** The fields of an object, in order; else none. */
    public Map<String, Json> fields() {
        Map<String, Json> fields = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> object) {
            object.forEach((name, field) -> fields.put((String) name, (Json) field));
        }
        return fields;
    }

    /** The fields of an object whose values read as text, in order; else none. */
    public Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        if (value instanceof Map<?, ?> object) {
            object.forEach((name, field) -> {
                String text = ((Json) field).text();
                if (!text.isEmpty()) {
                    texts.put((String) name, text);
                }
            });
        }
        return texts;
    }

    private static Json whole(JsonParser in) throws IOException {
        if (in.nextToken() == null) {
            throw new IllegalArgumentException("is empty, not JSON");
        }
        Json value = value(in);
        refuseMore(in);
        return value;
    }

    private static void refuseMore(JsonParser in) throws IOException {
        if (in.nextToken() != null) {
            throw new IllegalArgumentException("is not JSON: something follows the end");
        }
    }

    private static Json value(JsonParser in) throws IOException {
        JsonToken token = in.currentToken();
        if (token == JsonToken.START_OBJECT) {
            Map<String, Json> object = new LinkedHashMap<>();
            while (in.nextToken() != JsonToken.END_OBJECT) {
                String name = in.currentName();
                in.nextToken();
                object.put(name, value(in));
            }
            return new Json(object);
        }
        if (token == JsonToken.START_ARRAY) {
            List<Json> array = new ArrayList<>();
            while (in.nextToken() != JsonToken.END_ARRAY) {
                array.add(value(in));
            }
            return new Json(array);
        }
        if (token == JsonToken.VALUE_NULL) {
            return NOTHING;
        }
        return new Json(token.isBoolean() ? (Object) in.getBooleanValue() : in.getText());
    }

    private static IllegalArgumentException notJson(String why, Exception cause) {
        return new IllegalArgumentException("is not JSON: " + why, cause);
    }

    @Override
    public String toString() {
        return String.valueOf(value);
    }
}
