package io.ambassador.service;

import io.ambassador.explain.AccessLog;
import io.ambassador.explain.Journal;
import io.ambassador.explain.ServiceJournal;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Specs of services that listen nowhere. */
public final class TestSpecs {
    private TestSpecs() {}

    public static ServiceSpec with(Role role, HealthSpec health, OnChangeSpec onChange) {
        return with(role, health, onChange, AllowSpec.DEFAULT, listener -> () -> {});
    }

    public static ServiceSpec with(
            Role role, HealthSpec health, OnChangeSpec onChange, AllowSpec allow, EndpointSource... sources) {
        List<SourceGroup> discovery =
                Stream.of(sources).map(source -> SourceGroup.of(source(source))).toList();
        return with(role, health, onChange, allow, discovery);
    }

    static SourceSpec source(EndpointSource source) {
        return SourceSpec.of(new Configured<>(new Given(), new Given.Config(source)));
    }

    static ServiceSpec with(
            Role role, HealthSpec health, OnChangeSpec onChange, AllowSpec allow, List<SourceGroup> discovery) {
        return with(role, health, null, FlapDampingSpec.DEFAULT, onChange, allow, discovery);
    }

    static ServiceSpec with(HealthSpec health, @Nullable LocalitySpec locality, @Nullable FlapDampingSpec flapDamping) {
        return with(
                Role.ANY,
                health,
                locality,
                flapDamping,
                OnChangeSpec.DEFAULT,
                AllowSpec.DEFAULT,
                List.of(SourceGroup.of(source(listener -> () -> {}))));
    }

    private static ServiceSpec with(
            Role role,
            HealthSpec health,
            @Nullable LocalitySpec locality,
            @Nullable FlapDampingSpec flapDamping,
            OnChangeSpec onChange,
            AllowSpec allow,
            List<SourceGroup> discovery) {
        try {
            Catalog catalog = Catalog.load();
            Settings none = Settings.of("test", Map.of());
            return new ServiceSpec(
                    "test",
                    List.of(),
                    Configured.parse(catalog.protocols().get("tcp"), none),
                    discovery,
                    role,
                    Configured.parse(catalog.policies().get("round-robin"), none),
                    null,
                    ClientCredentials.ACCEPT_ANY,
                    null,
                    null,
                    health,
                    locality,
                    flapDamping,
                    onChange,
                    LimitsSpec.DEFAULT,
                    allow,
                    ProxyProtocolSpec.DEFAULT,
                    RelayMode.AUTO,
                    AccessLog.OFF,
                    ServiceSpec.STARTUP_DEADLINE);
        } catch (ConfigurationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Given implements EndpointSourceProvider<Given.Config> {
        record Config(EndpointSource source) {
            @Override
            public String toString() {
                return "given"; // the same question after a restart
            }
        }

        @Override
        public String type() {
            return "given";
        }

        @Override
        public Config parse(Settings settings) {
            throw new IllegalStateException();
        }

        @Override
        public Map<String, ?> settingsOf(DiscoveryUri uri) {
            throw new IllegalStateException();
        }

        @Override
        public EndpointSource create(Config config, ScheduledExecutorService scheduler) {
            return config.source();
        }
    }

    static ServiceJournal journal() {
        return new ServiceJournal(new Journal(), "test", AccessLog.OFF);
    }
}
