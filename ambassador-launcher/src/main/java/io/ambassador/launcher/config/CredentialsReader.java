package io.ambassador.launcher.config;

import io.ambassador.service.Catalog;
import io.ambassador.service.ClientCredentials;
import io.ambassador.service.Credentials;
import io.ambassador.service.RotationSpec;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.Units;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code credentials} and {@code client-credentials} of a service. A value that may be a secret enters no message. */
final class CredentialsReader {
    private static final String ON_ROTATION = "on-rotation";
    private static final Pattern DRAIN = Pattern.compile("drain\\(([^)]*)\\)");

    private final Settings service;
    private final Catalog catalog;
    private final List<String> warnings;

    CredentialsReader(Settings service, Catalog catalog, List<String> warnings) {
        this.service = service;
        this.catalog = catalog;
        this.warnings = warnings;
    }

    @Nullable Credentials read() {
        boolean present = service.has("credentials");
        Settings block = service.block("credentials");
        String username = block.optionalString("username");
        boolean insecure = block.bool("insecure", false);
        Configured<SecretSourceProvider<?>> password = source(block, "password", present);
        RotationSpec rotation = rotation(block);
        return password == null ? null : new Credentials(username, password, insecure).rotating(rotation);
    }

    /** What clients must or may show. */
    ClientCredentials readClients() {
        String key = "client-credentials";
        Object value = service.get(key);
        if (value == null) {
            return ClientCredentials.ACCEPT_ANY;
        }
        if (!service.has("credentials")) {
            service.problem(
                    key,
                    "needs credentials: without them, those of each client go through untouched. Remove it, or add"
                            + " credentials");
        }
        if (!(value instanceof Settings.Source)) {
            ClientCredentials.Mode mode = service.word(key, ClientCredentials.Mode.ACCEPT_ANY);
            if (mode == ClientCredentials.Mode.VERIFY) {
                service.problem(key, "verify needs a block { username = …, password = { file = … } }");
            }
            return withoutPassword(mode);
        }
        Settings block = service.block(key);
        ClientCredentials.Mode mode = block.word("mode", ClientCredentials.Mode.VERIFY);
        String username = block.optionalString("username");
        Configured<SecretSourceProvider<?>> password = source(block, "password", mode == ClientCredentials.Mode.VERIFY);
        if (mode == ClientCredentials.Mode.VERIFY) {
            return password == null ? ClientCredentials.REJECT : ClientCredentials.verify(username, password);
        }
        if (username != null || block.has("password")) {
            block.problem("mode", "username and password are for mode verify. Remove them, or set mode = verify");
        }
        return withoutPassword(mode);
    }

    private static ClientCredentials withoutPassword(ClientCredentials.Mode mode) {
        return mode == ClientCredentials.Mode.REJECT ? ClientCredentials.REJECT : ClientCredentials.ACCEPT_ANY;
    }

    private RotationSpec rotation(Settings block) {
        RotationSpec usual = RotationSpec.DEFAULT;
        Configured<SecretSourceProvider<?>> next = source(block, "next", false);
        return new RotationSpec(
                next,
                notNegative(block, "keep-previous", usual.keepPrevious()),
                notNegative(block, "rotation-wait", usual.maxWait()),
                drain(block));
    }

    private static Duration notNegative(Settings block, String key, Duration usual) {
        Duration duration = block.durationOrOff(key, usual);
        if (duration != null && duration.isNegative()) {
            block.problem(key, Units.format(duration) + " is less than nothing. Give a duration, or off");
            return usual;
        }
        return duration == null ? Duration.ZERO : duration;
    }

    /** {@code keep}, {@code drain(30s)} or {@code { drain = 30s }}; {@code null} to keep. */
    private static @Nullable Duration drain(Settings block) {
        Object value = block.get(ON_ROTATION);
        if (value == null || value.equals("keep")) {
            return null;
        }
        if (value instanceof Settings.Source) {
            Settings drain = block.block(ON_ROTATION);
            if (!drain.has("drain")) {
                drain.problem("drain", "is missing (expected a duration such as 30s)");
                return null;
            }
            Duration within = LimitsReader.positive(drain, "drain", Duration.ofSeconds(30));
            return within.toMillis() < 1 ? null : within;
        }
        return block.parse(ON_ROTATION, value, "keep, drain(30s) or { drain = 30s }", text -> {
            Matcher drain = DRAIN.matcher(text);
            if (!drain.matches()) {
                throw new IllegalArgumentException();
            }
            Duration within = Units.duration(drain.group(1).trim());
            if (within.toMillis() < 1) {
                throw new IllegalArgumentException();
            }
            return within;
        });
    }

    /** The source that stands at {@code key}; {@code null} if there is none, or a wrong one. */
    @Nullable Configured<SecretSourceProvider<?>> source(Settings block, String key, boolean required) {
        Object value = block.get(key);
        if (value == null) {
            if (required) {
                block.problem(key, "is missing (expected a source such as { file = /run/secrets/redis })");
            }
            return null;
        }
        if (value instanceof Settings.Source) {
            return named(block, key);
        }
        if (value instanceof List) {
            block.problem(key, "[…] is not a source such as { file = /run/secrets/redis }");
            return null;
        }
        SecretSourceProvider<?> provider = ServiceReader.find(block, key, "literal", catalog.secrets(), Set.of());
        return provider == null ? null : literal(block, key, provider, value);
    }

    private @Nullable Configured<SecretSourceProvider<?>> named(Settings block, String key) {
        Settings password = block.block(key);
        Set<String> words = password.keys();
        if (words.size() != 1) {
            block.problem(
                    key,
                    (words.isEmpty() ? "names no source" : "names " + words.size() + " sources: " + words)
                            + ". Keep one, such as { file = /run/secrets/redis }");
            words.forEach(password::has);
            return null;
        }
        String word = words.iterator().next();
        Object value = password.get(word);
        SecretSourceProvider<?> provider = ServiceReader.find(password, word, word, catalog.secrets(), Set.of());
        if (provider == null || value == null) {
            return null;
        }
        if (word.equals("literal")) {
            return literal(password, word, provider, value);
        }
        return value instanceof Settings.Source
                ? Configured.parse(provider, password.block(word))
                : parse(password, word, provider, value);
    }

    private @Nullable Configured<SecretSourceProvider<?>> literal(
            Settings at, String key, SecretSourceProvider<?> provider, Object value) {
        warnings.add(
                at.path(key) + ": the secret stands in the configuration itself. Keep it in a file," + " { file = … }");
        return parse(at, key, provider, value);
    }

    private static @Nullable Configured<SecretSourceProvider<?>> parse(
            Settings at, String key, SecretSourceProvider<?> provider, Object value) {
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
