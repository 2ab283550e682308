package io.ambassador.spi;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One block of configuration as a provider sees it. A getter never throws: it records what is wrong, with origin,
 * key and value, and returns a stand-in, so that one run reports every problem. Whoever started the parse looks at
 * {@link #problems()} afterwards and uses nothing when there are any.
 *
 * <p>A key that was asked for is a known key; {@link #refuseUnknownKeys()} reports the others. Not thread-safe.
 */
public final class Settings {
    /** The values below one key: a map, or the launcher's HOCON object. */
    public interface Source {
        Set<String> keys();

        /** A {@link String}, {@link Number}, {@link Boolean}, {@link List} of these, or a {@link Source}. */
        @Nullable Object get(String key);

        /** Where the value was written, such as {@code "ambassador.conf: 14"}; empty if that is unknown. */
        String origin(String key);
    }

    /** An element of a list that mixes text and blocks; exactly one of the two is set. */
    public record Item(@Nullable String text, @Nullable Settings block) {}

    private final String path;
    private final String origin;
    private final Source source;
    private final Findings findings;
    private final Set<String> asked = new TreeSet<>();
    private final List<Settings> children = new ArrayList<>();
    private final Map<String, Settings> blocks = new HashMap<>();

    /** What was found in a root and all below it. */
    private record Findings(List<String> problems, List<String> warnings) {}

    private Settings(String path, String origin, Source source, Findings findings) {
        this.path = path;
        this.origin = origin;
        this.source = source;
        this.findings = findings;
    }

    /** @param path the key of this block in full, for messages; empty for the root */
    public static Settings of(String path, Source source) {
        return new Settings(path, "", source, new Findings(new ArrayList<>(), new ArrayList<>()));
    }

    /** @param values as {@link Source#get} returns them, with maps for blocks */
    public static Settings of(String path, Map<String, ?> values) {
        return of(path, new MapSource(values, ""));
    }

    /** A block for {@code values} that reports into this one's problems, as if written at {@code key}. */
    public Settings derived(String key, Map<String, ?> values) {
        asked.add(key);
        String at = origin(key);
        return child(key, at, new MapSource(values, at));
    }

    public String path() {
        return path;
    }

    /** The full name of {@code key}. */
    public String path(String key) {
        return path.isEmpty() || key.isEmpty() ? path + key : path + "." + key;
    }

    /** Everything found wrong so far, in this block and in all that share its root. */
    public List<String> problems() {
        return List.copyOf(findings.problems());
    }

    /** Everything found so far that is allowed but not advised, in this block and in all that share its root. */
    public List<String> warnings() {
        return List.copyOf(findings.warnings());
    }

    /** @throws ConfigurationException if anything was found wrong */
    public void throwIfWrong() throws ConfigurationException {
        if (!findings.problems().isEmpty()) {
            throw new ConfigurationException(findings.problems());
        }
    }

    /** Records a problem of {@code key}; {@code message} starts with what is wrong and ends with the way out. */
    public void problem(String key, String message) {
        findings.problems().add(line(key, message));
    }

    /** Records that the value of {@code key} works, but that something else would be better. */
    public void warning(String key, String message) {
        findings.warnings().add(line(key, message));
    }

    private String line(String key, String message) {
        String at = origin(key);
        return (at.isEmpty() ? "" : at + ": ") + path(key) + ": " + Redaction.mask(message);
    }

    public boolean has(String key) {
        asked.add(key);
        return source.get(key) != null;
    }

    /** The keys present, whether known or not, sorted. */
    public Set<String> keys() {
        return new TreeSet<>(source.keys());
    }

    public String string(String key) {
        String value = optionalString(key);
        if (value == null) {
            missing(key, "text");
            return "";
        }
        return value;
    }

    public String string(String key, String fallback) {
        String value = optionalString(key);
        return value == null ? fallback : value;
    }

    public @Nullable String optionalString(String key) {
        Object value = get(key);
        if (value == null) {
            return null;
        }
        if (value instanceof String || value instanceof Number || value instanceof Boolean) {
            return value.toString();
        }
        wrong(key, value, "text");
        return null;
    }

    public @Nullable Path optionalPath(String key) {
        String value = optionalString(key);
        return value == null ? null : parse(key, value, "a file path", Path::of);
    }

    public int integer(String key, int fallback, int min, int max) {
        Object value = get(key);
        if (value == null) {
            return fallback;
        }
        Integer number = parse(key, value, "a whole number from " + min + " to " + max, text -> {
            int parsed = Integer.parseInt(text);
            if (parsed < min || parsed > max) {
                throw new IllegalArgumentException();
            }
            return parsed;
        });
        return number == null ? fallback : number;
    }

    /** {@code true}, {@code on}, {@code yes} and their opposites. */
    public boolean bool(String key, boolean fallback) {
        Object value = get(key);
        if (value == null) {
            return fallback;
        }
        switch (value.toString().toLowerCase(Locale.ROOT)) {
            case "true", "on", "yes" -> {
                return true;
            }
            case "false", "off", "no" -> {
                return false;
            }
            default -> {
                wrong(key, value, "true or false");
                return fallback;
            }
        }
    }

    /** With a unit, as in {@code 250ms}, {@code 5s}, {@code 2m}; a bare number is milliseconds. */
    public Duration duration(String key, Duration fallback) {
        Object value = get(key);
        if (value == null) {
            return fallback;
        }
        Duration parsed = parse(key, value, "a duration such as 250ms, 5s or 2m", Units::duration);
        return parsed == null ? fallback : parsed;
    }

    /** As {@link #duration}, where {@code off} means no limit, given as {@code null}. */
    public @Nullable Duration durationOrOff(String key, @Nullable Duration fallback) {
        Object value = get(key);
        if (value == null) {
            return fallback;
        }
        if (isOff(value)) {
            return null;
        }
        Duration parsed = parse(key, value, "a duration such as 250ms, 5s or 2m, or off", Units::duration);
        return parsed == null ? fallback : parsed;
    }

    /** Bytes, with a unit as in {@code 64KiB}; a bare number is bytes. */
    public long size(String key, long fallback) {
        Object value = get(key);
        if (value == null) {
            return fallback;
        }
        Long parsed = parse(key, value, "a size such as 64KiB or 1MB", Units::bytes);
        return parsed == null ? fallback : parsed;
    }

    /** A share from 0 to 1, written {@code 20%} or {@code 0.2}. */
    public double share(String key, double fallback) {
        Object value = get(key);
        if (value == null) {
            return fallback;
        }
        Double parsed = parse(key, value, "a share such as 20%", Units::share);
        return parsed == null ? fallback : parsed;
    }

    /** One of the constants of {@code type}, written in lower case with hyphens. */
    public <E extends Enum<E>> E word(String key, E fallback) {
        String value = optionalString(key);
        if (value == null) {
            return fallback;
        }
        Class<E> type = fallback.getDeclaringClass();
        List<String> known = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            String word = constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
            boolean same = word.equals(value)
                    || word.equals("off") && value.equals("false")
                    || word.equals("on") && value.equals("true");
            if (same) {
                return constant;
            }
            known.add(word);
        }
        problem(key, "\"" + value + "\" is not a known word (" + Words.didYouMean(value, known) + ")");
        return fallback;
    }

    /** A list of text; a single text is a list of one, an absent key an empty list. */
    public List<String> strings(String key) {
        List<String> strings = new ArrayList<>();
        for (Item item : items(key)) {
            if (item.text() == null) {
                wrong(key, "{…}", "text or a list of text");
            } else {
                strings.add(item.text());
            }
        }
        return List.copyOf(strings);
    }

    /** Each element parsed; elements that {@code parser} refuses with {@link IllegalArgumentException} are problems. */
    public <T> List<T> list(String key, String expected, Function<String, T> parser) {
        List<T> parsed = new ArrayList<>();
        for (String text : strings(key)) {
            T value = parse(key, text, expected, parser);
            if (value != null) {
                parsed.add(value);
            }
        }
        return List.copyOf(parsed);
    }

    /** A text, a block, or a list of both, as a list; an absent key is an empty list. */
    public List<Item> items(String key) {
        Object value = get(key);
        if (value == null) {
            return List.of();
        }
        Collection<?> elements = value instanceof List<?> list ? list : List.of(value);
        List<Item> items = new ArrayList<>();
        int index = 0;
        for (Object element : elements) {
            if (element instanceof Source block) {
                String name = value instanceof List<?> ? key + "[" + index + "]" : key;
                items.add(new Item(null, child(name, origin(key), block)));
            } else if (element instanceof String || element instanceof Number || element instanceof Boolean) {
                items.add(new Item(element.toString(), null));
            } else {
                wrong(key, String.valueOf(element), "text or a block");
            }
            index++;
        }
        return List.copyOf(items);
    }

    /** The block at {@code key}; empty if it is absent. */
    public Settings block(String key) {
        Settings before = blocks.get(key);
        if (before != null) {
            return before; // asked for twice: both add to what is known of it
        }
        Settings block = newBlock(key);
        blocks.put(key, block);
        return block;
    }

    private Settings newBlock(String key) {
        Object value = get(key);
        if (value == null) {
            return child(key, origin, new MapSource(Map.of(), origin));
        }
        if (value instanceof Source block) {
            return child(key, origin(key), block);
        }
        wrong(key, value, "a block { … }");
        return child(key, origin(key), new MapSource(Map.of(), origin(key)));
    }

    /** Parses text with {@code parser}; a refusal by {@link IllegalArgumentException} is a problem and {@code null}. */
    public <T> @Nullable T parse(String key, Object value, String expected, Function<String, T> parser) {
        if (value instanceof Source || value instanceof List) {
            wrong(key, value, expected);
            return null;
        }
        try {
            return parser.apply(value.toString().trim());
        } catch (IllegalArgumentException e) {
            wrong(key, value, expected);
            return null;
        }
    }

    /** Refuses {@code key} with a plain word where it belongs to the product but not to this version. */
    public void refuseUnsupported(String key) {
        if (has(key)) {
            problem(key, "is not supported by this version. Remove it");
        }
    }

    /** Reports the keys, here and below, that nobody asked for. */
    public void refuseUnknownKeys() {
        Set<String> known = Set.copyOf(asked);
        for (String key : keys()) {
            if (asked.add(key)) {
                problem(key, "is not a known key (" + Words.didYouMean(key, new TreeSet<>(known)) + ")");
            }
        }
        children.forEach(Settings::refuseUnknownKeys);
        children.clear();
        blocks.clear();
    }

    /** The value as written, for messages and dumps; never for a secret. */
    public @Nullable Object get(String key) {
        asked.add(key);
        return source.get(key);
    }

    private Settings child(String key, String at, Source block) {
        Settings child = new Settings(path(key), at, block, findings);
        children.add(child);
        return child;
    }

    private String origin(String key) {
        String at = source.origin(key);
        return at.isEmpty() ? origin : at;
    }

    private void missing(String key, String expected) {
        problem(key, "is missing (expected " + expected + ")");
    }

    private void wrong(String key, Object value, String expected) {
        Object text = Redaction.isSecret(key) ? Redaction.MASK : value;
        String shown = value instanceof Source ? "{…}" : value instanceof List ? "[…]" : "\"" + text + "\"";
        problem(key, shown + " is not " + expected);
    }

    private static boolean isOff(Object value) {
        return value.equals(false) || value.toString().equals("off");
    }

    private record MapSource(Map<String, ?> values, String origin) implements Source {
        @Override
        public Set<String> keys() {
            return values.keySet();
        }

        @Override
        public @Nullable Object get(String key) {
            return wrap(values.get(key));
        }

        @Override
        public String origin(String key) {
            return origin;
        }

        @SuppressWarnings("unchecked") // nested maps have text keys by contract
        private @Nullable Object wrap(@Nullable Object value) {
            if (value instanceof Map<?, ?> map) {
                return new MapSource((Map<String, ?>) map, origin);
            }
            if (value instanceof List<?> list) {
                return list.stream().map(this::wrap).toList();
            }
            return value;
        }
    }
}
