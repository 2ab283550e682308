package io.ambassador.launcher.config;

import io.ambassador.service.Catalog;
import io.ambassador.service.ClientCredentials;
import io.ambassador.service.Credentials;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code credentials} and {@code client-credentials} of a service. A value that may be a secret enters no message. */
final class CredentialsReader {
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
        Configured<SecretSourceProvider<?>> password = password(block, present);
        return password == null ? null : new Credentials(username, password, insecure);
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
        Configured<SecretSourceProvider<?>> password = password(block, mode == ClientCredentials.Mode.VERIFY);
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

    private @Nullable Configured<SecretSourceProvider<?>> password(Settings block, boolean required) {
        Object value = block.get("password");
        if (value == null) {
            if (required) {
                block.problem("password", "is missing (expected a source such as { file = /run/secrets/redis })");
            }
            return null;
        }
        if (value instanceof Settings.Source) {
            return named(block.block("password"));
        }
        if (value instanceof List) {
            block.problem("password", "[…] is not a source such as { file = /run/secrets/redis }");
            return null;
        }
        SecretSourceProvider<?> provider =
                ServiceReader.find(block, "password", "literal", catalog.secrets(), Set.of());
        return provider == null ? null : literal(block, "password", provider, value);
    }

    private @Nullable Configured<SecretSourceProvider<?>> named(Settings password) {
        Set<String> words = password.keys();
        if (words.size() != 1) {
            password.problem(
                    "",
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
        warnings.add(at.path(key) + ": the password stands in the configuration itself. Keep it in a file,"
                + " password = { file = … }");
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
