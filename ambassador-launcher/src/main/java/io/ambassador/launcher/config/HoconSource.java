package io.ambassador.launcher.config;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.ambassador.spi.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A HOCON object as {@link Settings} reads it; {@code null} in HOCON is an absent value. */
record HoconSource(ConfigObject object) implements Settings.Source {
    private static final String MERGED = "merge of ";
    private static final Pattern ELEMENT = Pattern.compile("(.+)\\[(\\d+)]");

    @Override
    public Set<String> keys() {
        return object.keySet();
    }

    @Override
    public @Nullable Object get(String key) {
        ConfigValue value = object.get(key);
        return value == null ? null : plain(value);
    }

    /** @param key may name an element of a list, {@code discovery[1]} */
    @Override
    public String origin(String key) {
        ConfigValue value = object.get(key);
        Matcher element = ELEMENT.matcher(key);
        if (value == null && element.matches() && object.get(element.group(1)) instanceof ConfigList list) {
            int index = Integer.parseInt(element.group(2));
            value = index < list.size() ? list.get(index) : list;
        }
        return value == null ? "" : describe(value);
    }

    /** Several places for a block that several files add to. */
    static String describe(ConfigValue value) {
        String description = value.origin().description();
        return description.startsWith(MERGED) ? description.substring(MERGED.length()) : description;
    }

    static @Nullable Object plain(ConfigValue value) {
        if (value instanceof ConfigObject block) {
            return new HoconSource(block);
        }
        if (value instanceof ConfigList list) {
            List<Object> elements = new ArrayList<>();
            for (ConfigValue element : list) {
                Object plain = plain(element);
                if (plain != null) {
                    elements.add(plain);
                }
            }
            return elements;
        }
        if (value.valueType() == ConfigValueType.NULL) {
            return null;
        }
        return value.valueType() == ConfigValueType.BOOLEAN ? value.unwrapped() : text(value);
    }

    /** A text or number as it was written: 0123 keeps its zero. */
    static String text(ConfigValue scalar) {
        return scalar.atKey("value").getString("value");
    }
}
