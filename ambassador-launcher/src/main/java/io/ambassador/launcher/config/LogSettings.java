package io.ambassador.launcher.config;

import io.ambassador.launcher.logging.Logging;
import org.jspecify.annotations.Nullable;

/**
 * What the configuration says about the log.
 *
 * @param levels as {@link Logging#setLevels} takes them; {@code null} if it does not say
 * @param format {@code null} if it does not say
 */
public record LogSettings(@Nullable String levels, Logging.@Nullable Format format) {}
