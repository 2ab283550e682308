package io.ambassador.launcher;

import io.ambassador.spi.Units;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a duration as configuration writes it: {@code 250ms}, {@code 30s}, {@code 2m}. */
final class Durations implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
        try {
            return Units.duration(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException("\"" + text + "\" is not a duration such as 250ms, 30s or 2m");
        }
    }
}
