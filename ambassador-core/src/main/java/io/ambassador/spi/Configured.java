package io.ambassador.spi;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A provider together with its parsed settings, ready to create what it provides.
 *
 * @param <P> the kind of provider
 */
public record Configured<P extends Provider<?>>(P provider, Record config) {
    /** Parses {@code settings} with {@code provider}, and reports keys that the provider never asked for. */
    public static <P extends Provider<?>> Configured<P> parse(P provider, Settings settings) {
        Record config = provider.parse(settings);
        settings.refuseUnknownKeys();
        return new Configured<>(provider, config);
    }

    /** The provider's word. */
    public String type() {
        return provider.type();
    }

    /** Equal for equal settings of one kind of provider, whichever instance parsed them. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Configured<?> configured
                && configured.provider.getClass() == provider.getClass()
                && configured.config.equals(config);
    }

    @Override
    public int hashCode() {
        return Objects.hash(provider.getClass(), config);
    }

    /** The same in each process for equal settings, as what is kept on disk is found by it. */
    @Override
    public String toString() {
        return type() + " " + config;
    }
}
