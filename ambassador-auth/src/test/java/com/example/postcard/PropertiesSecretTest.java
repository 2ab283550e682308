package com.example.postcard;

import io.ambassador.spi.secret.SecretSourceProvider;
import io.ambassador.testkit.ChangingSecretSourceContract;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.io.TempDir;

class PropertiesSecretTest extends ChangingSecretSourceContract {
    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve("app.properties");
    }

    @Override
    protected SecretSourceProvider<?> provider() {
        return new PropertiesSecretProvider();
    }

    @Override
    protected Object keep(String secret) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("db.password", secret);
        try (Writer writer = Files.newBufferedWriter(file())) {
            properties.store(writer, null);
        }
        return file() + "#db.password";
    }

    @Override
    protected void replace(String secret) throws IOException {
        keep(secret);
    }

    @Override
    protected void remove() throws IOException {
        Files.writeString(file(), "other = 1");
    }
}
