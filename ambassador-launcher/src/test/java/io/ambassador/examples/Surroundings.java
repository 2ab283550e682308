package io.ambassador.examples;

import io.ambassador.testkit.Avahi;
import io.ambassador.testkit.DockerEngine;
import io.ambassador.testkit.Ports;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the readers of a page have already: a Docker Engine, or a network on which Avahi publishes for them. */
record Surroundings(@Nullable DockerEngine engine, @Nullable Avahi avahi) implements AutoCloseable {
    static Surroundings of(Example example) {
        return new Surroundings(
                uses(example, "docker ") ? DockerEngine.start("--group=nogroup") : null,
                uses(example, "avahi-publish ") ? Avahi.start() : null);
    }

    private static boolean uses(Example example, String program) {
        return example.steps().stream().anyMatch(step -> step.command().startsWith(program));
    }

    /** What a command line begins with. */
    List<String> prefix() {
        return avahi == null ? List.of() : avahi.prefix();
    }

    Map<String, String> environment() {
        if (engine != null) {
            return Map.of("DOCKER_HOST", engine.host());
        }
        return avahi == null ? Map.of() : Map.of("DBUS_SYSTEM_BUS_ADDRESS", avahi.bus());
    }

    /** Those that nothing accepts on. */
    List<Integer> closed(Collection<Integer> ports) {
        return ports.stream()
                .filter(port -> avahi == null ? !Ports.accepts(port) : !avahi.accepts(port))
                .toList();
    }

    @Override
    public void close() {
        if (engine != null) {
            engine.close();
        }
        if (avahi != null) {
            avahi.close();
        }
    }
}
