package io.ambassador.auth.secret;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Provides {@code password = { credential = redis }}: the file of that name in {@code $CREDENTIALS_DIRECTORY}.
 *
 * @see <a href="https://systemd.io/CREDENTIALS/">System and Service Credentials</a>
 */
public final class SystemdSecretProvider implements SecretSourceProvider<SystemdSecretConfig> {
    private static final Duration REFRESH = Duration.ofSeconds(1);

    private final Function<String, @Nullable String> environment;

    public SystemdSecretProvider() {
        this(System::getenv);
    }

    SystemdSecretProvider(Function<String, @Nullable String> environment) {
        this.environment = environment;
    }

    @Override
    public String type() {
        return "credential";
    }

    @Override
    public Map<String, ?> settingsOf(Object value) {
        return Map.of("name", value);
    }

    @Override
    public SystemdSecretConfig parse(Settings settings) {
        String name = settings.string("name");
        if (name.contains("/") || name.equals(".") || name.equals("..")) {
            settings.problem("name", "is not the name of a credential. Write it as in LoadCredential=");
        }
        return new SystemdSecretConfig(name);
    }

    /** Who may read is systemd's to decide: access lists, which it may use, look like permissions of the group. */
    @Override
    public SecretSource create(SystemdSecretConfig config) {
        String directory = environment.apply("CREDENTIALS_DIRECTORY");
        if (directory == null || directory.isEmpty()) {
            return new NoCredentialsDirectory(config.name());
        }
        return new FileSecretSource(new FileSecretConfig(Path.of(directory, config.name()), true, REFRESH));
    }
}
