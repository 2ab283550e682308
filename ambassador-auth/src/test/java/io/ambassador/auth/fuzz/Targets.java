package io.ambassador.auth.fuzz;

import io.ambassador.auth.postgresql.PostgresqlScramFuzz;
import java.nio.file.Path;
import java.util.List;

/** Everything that is fuzzed, and where its first inputs lie: ordinary exchanges, and those that once broke it. */
final class Targets {
    static final List<Class<?>> ALL = List.of(
            RedisLoginFuzz.class,
            RedisProbeFuzz.class,
            RedisClientFuzz.class,
            PostgresqlGreetingFuzz.class,
            PostgresqlLoginFuzz.class,
            PostgresqlProbeFuzz.class,
            PostgresqlScramFuzz.class);

    private Targets() {}

    /** A folder, one file an input. */
    static Path inputs(Class<?> target) {
        return Path.of("src", "test", "resources", "fuzz", target.getSimpleName())
                .toAbsolutePath();
    }
}
