package io.ambassador.launcher;

import io.ambassador.Ambassador;
import io.ambassador.launcher.config.Configuration;
import io.ambassador.service.ServiceSpec;
import io.ambassador.spi.ConfigurationException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the configuration once, and remembers what it was read from. */
final class Reading implements Ambassador.Wanted {
    /** Where the configuration comes from, each time anew. */
    interface Source {
        /** @param used told of each file before it is read */
        Configuration read(Consumer<Path> used) throws ConfigurationException;
    }

    private static final Logger LOG = LoggerFactory.getLogger("ambassador.launcher");

    private final Source source;
    private final Map<Path, Object> files = new LinkedHashMap<>();
    private @Nullable Configuration configuration;

    Reading(Source source) {
        this.source = source;
    }

    Configuration read() throws ConfigurationException {
        Configuration read = source.read(file -> files.computeIfAbsent(file, FileStamp::of));
        configuration = read;
        return read;
    }

    @Override
    public List<ServiceSpec> services() throws ConfigurationException {
        Configuration read = read();
        read.warnings().forEach(LOG::warn);
        return read.services();
    }

    /** What was read. */
    Configuration configuration() {
        return Objects.requireNonNull(configuration, "not read");
    }

    /** Every file that had a part in it, also one that is missing, with the {@link FileStamp} it had before. */
    Map<Path, Object> files() {
        return files;
    }
}
