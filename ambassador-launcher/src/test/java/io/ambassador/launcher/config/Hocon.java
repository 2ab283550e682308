package io.ambassador.launcher.config;

import static org.junit.jupiter.api.Assertions.assertThrows;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.ambassador.launcher.admin.EffectiveValue;
import io.ambassador.service.Catalog;
import io.ambassador.service.ServiceSpec;
import io.ambassador.spi.ConfigurationException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Configuration as a test writes it: files in a folder, variables, and {@code --set}. */
final class Hocon {
    private final Path folder;
    private final List<Path> files = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private final List<String> overrides = new ArrayList<>();

    Hocon(Path folder) {
        this.folder = folder;
    }

    Hocon file(String name, String text) {
        try {
            files.add(Files.writeString(folder.resolve(name), text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** A file that the test has seen to itself, or has not. */
    Hocon also(String name) {
        files.add(folder.resolve(name));
        return this;
    }

    /** One file, {@code ambassador.conf}, with {@code lines} inside the block, the first on line 2. */
    Hocon inside(String... lines) {
        return file("ambassador.conf", "ambassador {\n" + String.join("\n", lines) + "\n}\n");
    }

    /** One service, {@code redis}, with what it must have on line 2 and {@code lines} from line 3 on. */
    Hocon service(String... lines) {
        return inside(
                "services.redis { listen = 6379, discovery = \"static://127.0.0.1:12345\"",
                String.join("\n", lines) + "\n}");
    }

    Hocon env(String name, String value) {
        environment.put(name, value);
        return this;
    }

    Hocon set(String override) {
        overrides.add(override);
        return this;
    }

    Configuration read() throws ConfigurationException {
        return ConfigReader.read(gather(ConfigFactory.empty()), Catalog.load());
    }

    /** @param options of a command */
    Config gather(Config options) throws ConfigurationException {
        return ConfigSources.load(options, files, environment, overrides);
    }

    ServiceSpec only() throws ConfigurationException {
        List<ServiceSpec> services = read().services();
        if (services.size() != 1) {
            throw new AssertionError(services);
        }
        return services.get(0);
    }

    /** Each problem, without the folder. */
    List<String> problems() {
        return assertThrows(ConfigurationException.class, this::read).problems().stream()
                .map(problem -> problem.replace(folder + "/", ""))
                .toList();
    }

    /** {@link Configuration#effective} without the folder, by key. */
    Map<String, String> effective() throws ConfigurationException {
        Map<String, String> lines = new HashMap<>();
        for (EffectiveValue each : read().effective().get()) {
            String line = each.toString();
            lines.put(each.key(), line.substring(each.key().length() + 3).replace(folder + "/", ""));
        }
        return lines;
    }
}
