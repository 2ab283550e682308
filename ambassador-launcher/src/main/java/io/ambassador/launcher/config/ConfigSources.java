package io.ambassador.launcher.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueFactory;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Words;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Gathers configuration: later files win over earlier ones, environment variables over files, a command's own options
 * over variables, {@code --set} over all.
 */
public final class ConfigSources {
    private static final String ROOT = "ambassador";
    private static final String SET = "--set ";

    private final List<String> problems = new ArrayList<>();
    private final Consumer<Path> used;

    private ConfigSources(Consumer<Path> used) {
        this.used = used;
    }

    /**
     * @param options what a command's own options say
     * @param overrides {@code key=value}, where the leading {@code ambassador.} may be left out
     * @return what stands under {@code ambassador}, resolved
     * @throws ConfigurationException if anything cannot be parsed; names every such thing, and quotes none
     */
    public static Config load(Config options, List<Path> files, Map<String, String> environment, List<String> overrides)
            throws ConfigurationException {
        return load(options, files, environment, overrides, file -> {});
    }

    /**
     * The same.
     *
     * @param used told of each file, included ones too, before it is read; also of one that is not there
     */
    public static Config load(
            Config options,
            List<Path> files,
            Map<String, String> environment,
            List<String> overrides,
            Consumer<Path> used)
            throws ConfigurationException {
        return new ConfigSources(used).gather(options, files, environment, overrides);
    }

    private Config gather(Config options, List<Path> files, Map<String, String> environment, List<String> overrides)
            throws ConfigurationException {
        Config merged = ConfigFactory.empty();
        for (Path file : files) {
            merged = file(file).withFallback(merged);
        }
        Config line = options;
        for (String override : overrides) {
            line = set(line, override);
        }
        Config variables = variables(line.withFallback(merged), environment);
        throwIfWrong();
        Config resolved = resolve(line.withFallback(variables).withFallback(merged));
        throwIfWrong();
        return resolved;
    }

    private Config file(Path file) {
        try {
            Config parsed = ConfigFiles.parse(file, used);
            if (!parsed.root().containsKey(ROOT)) {
                String nearest = Words.nearest(ROOT, parsed.root().keySet());
                problems.add(file + ": has no block ambassador { … }"
                        + (nearest == null ? "" : " (did you mean it by " + nearest + "?)")
                        + ". Put everything inside one");
            }
            return parsed;
        } catch (ConfigException e) {
            problems.add(ConfigFiles.explain(file.toString(), e));
        } catch (StackOverflowError e) {
            problems.add(file + ": is nested too deeply");
        }
        return ConfigFactory.empty();
    }

    private Config set(Config set, String override) {
        int equals = override.indexOf('=');
        if (equals < 1) {
            problems.add(SET + "…: expected key=value");
            return set;
        }
        String key = override.substring(0, equals).trim();
        List<String> parts;
        try {
            parts = new ArrayList<>(ConfigUtil.splitPath(key));
        } catch (ConfigException e) {
            problems.add(SET + key + ": is not a key such as services.redis.listen");
            return set;
        }
        if (!parts.get(0).equals(ROOT)) {
            parts.add(0, ROOT);
        }
        return with(set, parts, SET + key, override.substring(equals + 1));
    }

    private Config variables(Config other, Map<String, String> environment) {
        Set<String> services = services(other);
        EnvironmentNames names = new EnvironmentNames(services);
        String example = services.isEmpty()
                ? "REDIS"
                : EnvironmentNames.form(services.iterator().next());
        Config variables = ConfigFactory.empty();
        for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
            String name = variable.getKey();
            if (variable.getValue().isEmpty() || !EnvironmentNames.isOurs(name)) {
                continue;
            }
            List<String> path = names.path(name);
            if (path != null) {
                List<String> parts = new ArrayList<>(path);
                parts.add(0, ROOT);
                variables = with(variables, parts, "environment variable " + name, variable.getValue());
            } else if (!EnvironmentNames.isKubernetes(name)) {
                problems.add("environment variable " + name + ": names no key of the configuration ("
                        + Reference.nearest(name, example) + ")");
            }
        }
        return variables;
    }

    /** Text is taken as it is, unless it begins like a list, a block or a quoted text. */
    private Config with(Config config, List<String> parts, String origin, String text) {
        Object value = text;
        if (!text.isEmpty() && "[{\"".indexOf(text.charAt(0)) >= 0) {
            try {
                value = ConfigFiles.parse("value = " + text, origin, new FileIncluder(Path.of(""), used))
                        .getValue("value");
            } catch (ConfigException e) {
                problems.add(ConfigFiles.explain(origin, e));
                return config;
            } catch (StackOverflowError e) {
                problems.add(origin + ": is nested too deeply");
                return config;
            }
        }
        for (int i = parts.size() - 1; i > 0; i--) {
            value = ConfigValueFactory.fromMap(Map.of(parts.get(i), value), origin);
        }
        return ConfigValueFactory.fromMap(Map.of(parts.get(0), value), origin)
                .toConfig()
                .withFallback(config);
    }

    private Set<String> services(Config merged) {
        try {
            Config resolved = merged.resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true));
            return resolved.hasPath("ambassador.services")
                    ? resolved.getObject("ambassador.services").keySet()
                    : Set.of();
        } catch (ConfigException | StackOverflowError e) {
            return Set.of(); // resolving everything, later, tells what is wrong
        }
    }

    private Config resolve(Config merged) {
        try {
            Config resolved = merged.resolve();
            return resolved.hasPath(ROOT) ? resolved.getConfig(ROOT) : ConfigFactory.empty();
        } catch (ConfigException e) {
            problems.add(
                    e instanceof ConfigException.WrongType
                            ? "ambassador: is not a block { … }"
                            : ConfigFiles.explain("configuration", e));
        } catch (StackOverflowError e) {
            problems.add("configuration: is nested too deeply");
        }
        return ConfigFactory.empty();
    }

    private void throwIfWrong() throws ConfigurationException {
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }
}
