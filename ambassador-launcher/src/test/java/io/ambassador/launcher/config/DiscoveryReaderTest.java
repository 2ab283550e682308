package io.ambassador.launcher.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.service.EndpointFilter;
import io.ambassador.service.FlapDampingSpec;
import io.ambassador.service.LocalitySpec;
import io.ambassador.service.SourceGroup;
import io.ambassador.service.SourceSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiscoveryReaderTest {
    @TempDir
    private Path folder;

    private Hocon hocon;

    @BeforeEach
    void prepare() {
        hocon = new Hocon(folder);
    }

    @Test
    void sourcesAreMergedWithWeightsAndFilters() throws Exception {
        List<SourceGroup> groups = hocon.service(
                        "discovery = [",
                        "  { merge = [",
                        "    { uri = \"consul://127.0.0.1:8500/api\", weight = 3, filter { tags = v1 } }",
                        "    { type = static, endpoints = [\"10.0.0.1:1\"], weight = 0",
                        "      filter { tags = [a, b], without-tags = [c], metadata { rack = 7 } } }",
                        "    \"dns://example.com:1\"",
                        "  ] }",
                        "  { type = file, path = /f, filter { tags = [a] } }",
                        "  \"static://10.0.0.9:1\"",
                        "]")
                .only()
                .discovery();

        assertEquals(
                List.of(3, 1, 1),
                groups.stream().map(group -> group.sources().size()).toList());
        List<SourceSpec> merged = groups.get(0).sources();
        assertEquals(
                List.of("consul", "static", "dns"),
                merged.stream().map(SourceSpec::type).toList());
        assertEquals(List.of(3, 0, 1), merged.stream().map(SourceSpec::weight).toList());
        assertEquals(
                List.of(
                        new EndpointFilter(Set.of("v1"), Set.of(), Map.of()),
                        new EndpointFilter(Set.of("a", "b"), Set.of("c"), Map.of("rack", "7")),
                        EndpointFilter.ALL),
                merged.stream().map(SourceSpec::filter).toList());
        assertEquals(
                new EndpointFilter(Set.of("a"), Set.of(), Map.of()),
                groups.get(1).sources().get(0).filter());
    }

    @Test
    void aMergeMayStandAlone() throws Exception {
        List<SourceGroup> groups = hocon.service(
                        "discovery { merge = [ \"static://10.0.0.1:1\", { uri = \"static://10.0.0.2:1\" } ] }")
                .only()
                .discovery();

        assertEquals(2, groups.get(0).sources().size());
    }

    @Test
    void aVariableMayHoldAMerge() throws Exception {
        List<SourceGroup> groups = hocon.service()
                .env(
                        "AMBASSADOR_SERVICES_REDIS_DISCOVERY",
                        "{ merge = [ \"static://10.0.0.1:1\", { uri = \"dns://x.example:2\", weight = 2 } ] }")
                .only()
                .discovery();

        assertEquals(2, groups.get(0).sources().get(1).weight());
    }

    @Test
    void whatIsWrongIsSaidWithItsPlace() {
        assertEquals(
                List.of(
                        "ambassador.conf: 3: services.redis.discovery.merge[0].weight: \"-1\" is not a whole number from"
                                + " 0 to 1000000",
                        "ambassador.conf: 4: services.redis.discovery.merge[1].filter.tag: is not a known key (did you"
                                + " mean tags? known: metadata, tags, without-tags)"),
                hocon.service(
                                "discovery { merge = [ { uri = \"static://10.0.0.1:1\", weight = -1 }",
                                "  { uri = \"static://10.0.0.1:1\", filter { tag = a } } ] }")
                        .problems());
        assertEquals(
                List.of("ambassador.conf: 3: services.redis.discovery.merge: every weight is 0 (expected one above 0)"),
                new Hocon(folder)
                        .service("discovery { merge = [ { uri = \"static://10.0.0.1:1\", weight = 0 } ] }")
                        .problems());
        assertEquals(
                List.of("ambassador.conf: 3: services.redis.discovery.merge: is empty (expected a source)"),
                new Hocon(folder).service("discovery { merge = [] }").problems());
    }

    @Test
    void weightAndMergeBelongWhereTheyMeanSomething() {
        List<String> problems = new Hocon(folder)
                .service("discovery = [ { uri = \"static://10.0.0.1:1\", weight = 2 } ]")
                .problems();
        assertEquals(1, problems.size(), problems::toString);
        assertEquals(true, problems.get(0).contains("discovery[0].weight: is not a known key"), problems::toString);

        problems = new Hocon(folder)
                .service("discovery { merge = [ { merge = [ \"static://10.0.0.1:1\" ] } ] }")
                .problems();
        assertEquals(
                true,
                problems.get(0).contains("discovery.merge[0]: a merge stands in no other one"),
                problems::toString);
    }

    @Test
    void theZoneMayComeFromTheEnvironmentForAllServices() throws Exception {
        assertEquals(
                LocalitySpec.of("eu-1a"),
                hocon.service()
                        .env("AMBASSADOR_DEFAULTS_LOCALITY_ZONE", "eu-1a")
                        .only()
                        .locality());
        assertEquals(
                new LocalitySpec("b", 2.5),
                new Hocon(folder)
                        .service("locality { zone = b, overprovisioning = 2.5 }")
                        .env("AMBASSADOR_DEFAULTS_LOCALITY_ZONE", "a")
                        .only()
                        .locality(),
                "a service's own wins");
        assertEquals(null, new Hocon(folder).service().only().locality());
        assertEquals(
                List.of(
                        "ambassador.conf: 3: services.redis.locality.overprovisioning: \"0.5\" is not a factor from 1 to"
                                + " 100"),
                new Hocon(folder)
                        .service("locality { zone = b, overprovisioning = 0.5 }")
                        .problems());
    }

    @Test
    void flapDampingIsThereUnlessTurnedOff() throws Exception {
        assertEquals(FlapDampingSpec.DEFAULT, hocon.service().only().flapDamping());
        assertEquals(
                new FlapDampingSpec(3, Duration.ofSeconds(1), Duration.ofSeconds(9), Duration.ofMinutes(5)),
                new Hocon(folder)
                        .service("flap-damping { withdrawals = 3, hold = 1s, max-hold = 9s, forget-after = 5m }")
                        .only()
                        .flapDamping());
        assertEquals(
                null, new Hocon(folder).service("flap-damping = off").only().flapDamping());
        assertEquals(
                null,
                new Hocon(folder)
                        .service()
                        .env("AMBASSADOR_SERVICES_REDIS_FLAP_DAMPING", "off")
                        .only()
                        .flapDamping());
        assertEquals(
                List.of(
                        "ambassador.conf: 3: services.redis.flap-damping.max-hold: is less than hold (expected: at least"
                                + " that)"),
                new Hocon(folder).service("flap-damping { hold = 2m }").problems());
    }

    @Test
    void secretsInAMergeAreMasked() throws Exception {
        assertEquals(
                false,
                hocon.service("discovery { merge = [ { type = consul, address = \"127.0.0.1:8500\", service = x,"
                                + " token = hush } ] }")
                        .effective()
                        .toString()
                        .contains("hush"));
    }
}
