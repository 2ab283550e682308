package io.ambassador.spi.secret;

import io.ambassador.spi.Configured;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads where a secret is kept: {@code { file = /run/secrets/redis }}, {@code { env = NAME }}, or the secret itself,
 * which draws a warning. A value that may be a secret enters no message.
 */
public final class SecretSettings {
    private static final String LITERAL = "literal";

    /** Sources that belong to the product but not to this version. */
    private static final Set<String> LATER = Set.of("vault", "kubernetes", "aws");

    private final Settings at;
    private final Providers<SecretSourceProvider<?>> known;

    private SecretSettings(Settings at, Providers<SecretSourceProvider<?>> known) {
        this.at = at;
        this.known = known;
    }

    /** {@code null} if there is none, or something is wrong with it, which {@code settings} then know. */
    public static @Nullable Configured<SecretSourceProvider<?>> read(
            Settings settings, String key, Providers<SecretSourceProvider<?>> known) {
        Object value = settings.get(key);
        if (value == null) {
            return null;
        }
        if (value instanceof Settings.Source) {
            return new SecretSettings(settings.block(key), known).named();
        }
        if (value instanceof List) {
            settings.problem(key, "[…] is not a source such as { file = /run/secrets/redis }");
            return null;
        }
        SecretSettings here = new SecretSettings(settings, known);
        SecretSourceProvider<?> provider = here.find(key, LITERAL);
        return provider == null ? null : here.literal(key, provider, value);
    }

    private @Nullable Configured<SecretSourceProvider<?>> named() {
        Set<String> words = at.keys();
        if (words.size() != 1) {
            at.problem(
                    "",
                    (words.isEmpty() ? "names no source" : "names " + words.size() + " sources: " + words)
                            + ". Keep one, such as { file = /run/secrets/redis }");
            words.forEach(at::has);
            return null;
        }
        String word = words.iterator().next();
        Object value = at.get(word);
        SecretSourceProvider<?> provider = find(word, word);
        if (provider == null || value == null) {
            return null;
        }
        if (word.equals(LITERAL)) {
            return literal(word, provider, value);
        }
        return value instanceof Settings.Source
                ? Configured.parse(provider, at.block(word))
                : parse(word, provider, value);
    }

    private @Nullable SecretSourceProvider<?> find(String key, String word) {
        SecretSourceProvider<?> provider = known.find(word);
        if (provider == null) {
            at.problem(
                    key,
                    "\"" + word + "\" "
                            + (LATER.contains(word)
                                    ? "is not supported by this version (known: " + String.join(", ", known.types())
                                            + "). Choose another"
                                    : known.unknown(word)));
        }
        return provider;
    }

    private @Nullable Configured<SecretSourceProvider<?>> literal(
            String key, SecretSourceProvider<?> provider, Object value) {
        at.warning(key, "the secret stands in the configuration itself. Keep it in a file, { file = … }");
        return parse(key, provider, value);
    }

    private @Nullable Configured<SecretSourceProvider<?>> parse(
            String key, SecretSourceProvider<?> provider, Object value) {
        Map<String, ?> settings;
        try {
            settings = provider.settingsOf(value);
        } catch (IllegalArgumentException e) {
            at.problem(key, "is not what secret source " + provider.type() + " expects"); // e may quote the secret
            return null;
        }
        return Configured.parse(provider, at.derived(key, settings));
    }
}
