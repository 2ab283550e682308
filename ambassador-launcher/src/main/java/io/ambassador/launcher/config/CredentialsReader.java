package io.ambassador.launcher.config;

import io.ambassador.service.Catalog;
import io.ambassador.service.ClientCredentials;
import io.ambassador.service.Credentials;
import io.ambassador.service.RotationSpec;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.Units;
import io.ambassador.spi.secret.SecretSettings;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code credentials} and {@code client-credentials} of a service. A value that may be a secret enters no message. */
final class CredentialsReader {
    private static final String ON_ROTATION = "on-rotation";
    private static final Pattern DRAIN = Pattern.compile("drain\\(([^)]*)\\)");

    private final Settings service;
    private final Catalog catalog;

    CredentialsReader(Settings service, Catalog catalog) {
        this.service = service;
        this.catalog = catalog;
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

    private @Nullable Configured<SecretSourceProvider<?>> source(Settings block, String key, boolean required) {
        if (required && !block.has(key)) {
            block.problem(key, "is missing (expected a source such as { file = /run/secrets/redis })");
            return null;
        }
        return SecretSettings.read(block, key, catalog.secrets());
    }
}
