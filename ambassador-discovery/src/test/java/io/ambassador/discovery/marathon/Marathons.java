package io.ambassador.discovery.marathon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.EndpointSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/** Sources from settings, as a service would have them. */
final class Marathons {
    private Marathons() {}

    static EndpointSource source(Map<String, ?> settings, ScheduledExecutorService scheduler) {
        return new MarathonProvider().create(config(settings), scheduler);
    }

    static MarathonConfig config(Map<String, ?> values) {
        Settings settings = Settings.of("discovery", values);
        MarathonConfig config = new MarathonProvider().parse(settings);
        settings.refuseUnknownKeys();
        assertEquals(List.of(), settings.problems());
        return config;
    }
}
