package io.ambassador.launcher.admin;

/**
 * A value in force; a secret is masked.
 *
 * @param value as in HOCON
 * @param origin the file and line, variable or option it came from, or {@code default}
 */
public record EffectiveValue(String key, String value, String origin) {
    /** A line of HOCON. */
    @Override
    public String toString() {
        return key + " = " + value + "  # " + origin;
    }
}
