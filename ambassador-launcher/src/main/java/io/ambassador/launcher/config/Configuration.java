package io.ambassador.launcher.config;

import io.ambassador.Ambassador;
import io.ambassador.launcher.admin.AdminSpec;
import io.ambassador.launcher.admin.EffectiveValue;
import io.ambassador.service.ServiceSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one configuration asks for.
 *
 * @param services sorted by name
 * @param cacheDirectory {@code null} to keep nothing across restarts
 * @param admin {@code null} for no admin address
 * @param log what it says about the log, for the command to apply
 * @param watch whether a change of its files is to be followed
 * @param eventLoops 0 for the default
 * @param warnings what is allowed but not advised, with origin and key
 * @param effective every value in force, by key; made when asked for
 */
public record Configuration(
        List<ServiceSpec> services,
        @Nullable Path cacheDirectory,
        @Nullable AdminSpec admin,
        LogSettings log,
        boolean watch,
        int eventLoops,
        List<String> warnings,
        Supplier<List<EffectiveValue>> effective) {
    public Configuration {
        services = List.copyOf(services);
        warnings = List.copyOf(warnings);
    }

    /** An ambassador as described, all but the admin address, which is the launcher's. */
    public Ambassador.Builder toBuilder() {
        Ambassador.Builder builder = Ambassador.builder();
        services.forEach(builder::service);
        if (cacheDirectory != null) {
            builder.cacheDirectory(cacheDirectory);
        }
        if (eventLoops > 0) {
            builder.eventLoops(eventLoops);
        }
        return builder;
    }
}
