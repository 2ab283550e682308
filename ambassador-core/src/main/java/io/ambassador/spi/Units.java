package io.ambassador.spi;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations, sizes and shares as HOCON writes them. */
public final class Units {
    private static final Pattern QUANTITY = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([A-Za-z%]*)");

    private Units() {}

    /** @throws IllegalArgumentException if {@code text} is not a number with a unit of time */
    public static Duration duration(String text) {
        Matcher quantity = match(text);
        long nanos = switch (quantity.group(2)) {
            case "ns", "nano", "nanos", "nanosecond", "nanoseconds" -> 1L;
            case "us", "micro", "micros", "microsecond", "microseconds" -> 1_000L;
            case "", "ms", "milli", "millis", "millisecond", "milliseconds" -> 1_000_000L;
            case "s", "second", "seconds" -> 1_000_000_000L;
            case "m", "minute", "minutes" -> 60_000_000_000L;
            case "h", "hour", "hours" -> 3_600_000_000_000L;
            case "d", "day", "days" -> 86_400_000_000_000L;
            default -> throw new IllegalArgumentException("unit: " + quantity.group(2));
        };
        return Duration.ofNanos(multiply(quantity, nanos));
    }

    /** @throws IllegalArgumentException if {@code text} is not a number with a unit of size */
    public static long bytes(String text) {
        Matcher quantity = match(text);
        long factor = switch (quantity.group(2)) {
            case "", "B", "b", "byte", "bytes" -> 1L;
            case "kB", "kilobyte", "kilobytes" -> 1_000L;
            case "MB", "megabyte", "megabytes" -> 1_000_000L;
            case "GB", "gigabyte", "gigabytes" -> 1_000_000_000L;
            case "K", "k", "Ki", "KiB", "kibibyte", "kibibytes" -> 1L << 10;
            case "M", "m", "Mi", "MiB", "mebibyte", "mebibytes" -> 1L << 20;
            case "G", "g", "Gi", "GiB", "gibibyte", "gibibytes" -> 1L << 30;
            default -> throw new IllegalArgumentException("unit: " + quantity.group(2));
        };
        return multiply(quantity, factor);
    }

    /** @throws IllegalArgumentException if {@code text} is not from 0 to 1, or from 0% to 100% */
    public static double share(String text) {
        Matcher quantity = match(text);
        double number = Double.parseDouble(quantity.group(1));
        String unit = quantity.group(2);
        double share = unit.equals("%") ? number / 100 : number;
        if (share > 1 || !(unit.isEmpty() || unit.equals("%"))) {
            throw new IllegalArgumentException("share: " + text);
        }
        return share;
    }

    /** The shortest exact form: {@code 5s}, {@code 250ms}. */
    public static String format(Duration duration) {
        long millis = duration.toMillis();
        if (!duration.equals(Duration.ofMillis(millis))) {
            long nanos = duration.toNanos();
            return nanos % 1_000 == 0 ? nanos / 1_000 + "us" : nanos + "ns";
        }
        if (millis != 0 && millis % 3_600_000 == 0) {
            return millis / 3_600_000 + "h";
        }
        if (millis != 0 && millis % 60_000 == 0) {
            return millis / 60_000 + "m";
        }
        return millis % 1_000 == 0 ? millis / 1_000 + "s" : String.format(Locale.ROOT, "%dms", millis);
    }

    private static Matcher match(String text) {
        Matcher quantity = QUANTITY.matcher(text);
        if (!quantity.matches()) {
            throw new IllegalArgumentException("quantity: " + text);
        }
        return quantity;
    }

    private static long multiply(Matcher quantity, long factor) {
        try {
            return new BigDecimal(quantity.group(1))
                    .multiply(BigDecimal.valueOf(factor))
                    .toBigInteger()
                    .longValueExact();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("too large: " + quantity.group(), e);
        }
    }
}
