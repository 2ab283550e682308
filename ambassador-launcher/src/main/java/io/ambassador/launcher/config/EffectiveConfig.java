package io.ambassador.launcher.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.ambassador.launcher.admin.EffectiveValue;
import io.ambassador.spi.Redaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Tells what is in force, each value with its origin, and no secret. */
final class EffectiveConfig {
    private static final String SERVICES = "services.";
    private static final String MASK = '"' + Redaction.MASK + '"';
    private static final Pattern SECRET =
            Pattern.compile(".*[.-]credentials\\.(password|next)(\\..*)?", Pattern.CASE_INSENSITIVE);

    /** Where a secret is kept, which is none; and a word about one. */
    private static final Pattern PLACE =
            Pattern.compile(".*(password|next|token)\\.(file|env|credential)(\\..*)?|admin\\.token-for");

    private final Map<String, EffectiveValue> values = new TreeMap<>();

    private EffectiveConfig() {}

    /** @param config what stands under {@code ambassador}, services with their defaults */
    static List<EffectiveValue> values(Config config) {
        EffectiveConfig effective = new EffectiveConfig();
        effective.flatten("", config.root().withoutKey("defaults"));
        Reference.GLOBAL.forEach(key -> effective.usual("", key));
        if (config.root().get("services") instanceof ConfigObject services) {
            for (Map.Entry<String, ConfigValue> service : services.entrySet()) {
                if (service.getValue() instanceof ConfigObject block) {
                    String prefix = "services." + ConfigUtil.joinPath(service.getKey()) + ".";
                    Reference.SERVICE.stream()
                            .filter(key -> applies(key, block))
                            .forEach(key -> effective.usual(prefix, key));
                }
            }
        }
        return List.copyOf(effective.values.values());
    }

    /** Keys of blocks that mean something by being there have no defaults while they are not. */
    private static boolean applies(Reference.Key key, ConfigObject service) {
        String block = key.path().replaceAll("\\..*", "");
        return !(block.equals("tls") || block.equals("client-tls") || block.endsWith("credentials"))
                || service.containsKey(block);
    }

    private void usual(String prefix, Reference.Key key) {
        String path = prefix + key.path();
        String parent = path.substring(0, path.lastIndexOf('.') + 1);
        boolean off = Reference.MAY_BE_OFF.stream().anyMatch(block -> parent.endsWith("." + block + "."))
                && values.containsKey(parent.substring(0, parent.length() - 1));
        boolean written =
                values.containsKey(path) || values.keySet().stream().anyMatch(other -> other.startsWith(path + "."));
        if (!written && !off && !key.fallback().isEmpty()) {
            put(path, key.fallback().matches("[\\[a-z0-9].*") ? quoted(key.fallback()) : key.fallback(), "default");
        }
    }

    private static String quoted(String fallback) {
        return fallback.matches("[a-z-]+|\\d+|\\[]") ? fallback : '"' + fallback + '"';
    }

    private void flatten(String prefix, ConfigObject block) {
        for (Map.Entry<String, ConfigValue> entry : block.entrySet()) {
            String path = prefix + ConfigUtil.joinPath(entry.getKey());
            ConfigValue value = entry.getValue();
            if (value instanceof ConfigObject nested) {
                flatten(path + ".", nested);
            } else if (value.valueType() != ConfigValueType.NULL) {
                put(path, render(path, value), HoconSource.describe(value));
            }
        }
    }

    private void put(String path, String value, String origin) {
        values.put(path, new EffectiveValue(path, value, origin));
    }

    private static String render(String path, ConfigValue value) {
        if (!PLACE.matcher(path).matches() && (SECRET.matcher(path).matches() || Redaction.isSecret(own(path)))) {
            return MASK;
        }
        if (value instanceof ConfigList list) {
            List<String> elements = new ArrayList<>();
            list.forEach(element -> elements.add(element(path, element)));
            return "[" + String.join(", ", elements) + "]";
        }
        return Redaction.mask(value.render(ConfigRenderOptions.concise()));
    }

    private static String element(String path, ConfigValue element) {
        if (!(element instanceof ConfigObject block)) {
            return render(path, element);
        }
        List<String> fields = new ArrayList<>();
        new TreeMap<>(block).forEach((key, value) -> fields.add(key + " = " + element(path + "." + key, value)));
        return "{ " + String.join(", ", fields) + " }";
    }

    /** Without the service's name, which may be any. */
    private static String own(String path) {
        return path.startsWith(SERVICES) ? path.substring(path.indexOf('.', SERVICES.length()) + 1) : path;
    }
}
