package io.ambassador.upstream;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.service.Credentials;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A secret that a test changes, and that counts how often it is read. */
final class TestSecret implements SecretSourceProvider<TestSecret.Config>, SecretSource {
    record Config() {}

    volatile String password;
    final AtomicInteger reads = new AtomicInteger();

    TestSecret(String password) {
        this.password = password;
    }

    Credentials credentials(String username) {
        return new Credentials(username, configured(), false);
    }

    Configured<SecretSourceProvider<?>> configured() {
        return new Configured<>(this, new Config());
    }

    @Override
    public String type() {
        return "test";
    }

    @Override
    public Config parse(Settings settings) {
        return new Config();
    }

    @Override
    public Map<String, ?> settingsOf(Object value) {
        return Map.of();
    }

    @Override
    public SecretSource create(Config config) {
        return this;
    }

    @Override
    public Secret read() throws CredentialException {
        reads.incrementAndGet();
        String now = password;
        if (now == null) {
            throw new CredentialException("the test has no secret");
        }
        return Secret.owning(now.getBytes(UTF_8));
    }

    @Override
    public Duration refreshInterval() {
        return Duration.ofMillis(100);
    }

    @Override
    public String description() {
        return "test";
    }
}
