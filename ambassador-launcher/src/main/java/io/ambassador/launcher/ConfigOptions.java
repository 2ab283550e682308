package io.ambassador.launcher;

import com.typesafe.config.Config;
import io.ambassador.launcher.config.ConfigReader;
import io.ambassador.launcher.config.ConfigSources;
import io.ambassador.launcher.config.Configuration;
import io.ambassador.service.Catalog;
import io.ambassador.spi.ConfigurationException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** Where configuration comes from. */
final class ConfigOptions {
    private static final List<Path> USUAL =
            List.of(Path.of("ambassador.conf"), Path.of("/etc/ambassador/ambassador.conf"));

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "HOCON; later files win. Default: ./ambassador.conf, else /etc/ambassador/ambassador.conf.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Overrides one value: --set services.redis.listen=6380.")
    private List<String> overrides = new ArrayList<>();

    /**
     * Reads everything, and opens no socket.
     *
     * @param own what the command's other options say
     */
    Configuration read(Config own, Catalog catalog) throws ConfigurationException {
        return read(own, catalog, file -> {});
    }

    /**
     * The same.
     *
     * @param used told of each file before it is read
     */
    Configuration read(Config own, Catalog catalog, Consumer<Path> used) throws ConfigurationException {
        return ConfigReader.read(ConfigSources.load(own, files, System.getenv(), overrides, used), catalog);
    }

    /** Looks for the usual files if none is given. */
    void lookUp() {
        if (files.isEmpty()) {
            USUAL.stream().filter(Files::exists).findFirst().ifPresent(files::add);
        }
    }

    /** The files in use, for messages. */
    String description() {
        return files.isEmpty()
                ? "The configuration"
                : String.join(", ", files.stream().map(Path::toString).toList());
    }
}
