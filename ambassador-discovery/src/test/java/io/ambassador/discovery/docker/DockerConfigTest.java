package io.ambassador.discovery.docker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.docker.DockerConfig.Address;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DockerConfigTest {
    private Settings settings = Settings.of("discovery", Map.of());

    private DockerConfig uri(String uri, Map<String, String> environment) {
        DockerProvider provider = new DockerProvider(environment::get);
        settings = Settings.of("discovery", provider.settingsOf(DiscoveryUri.parse(uri)));
        DockerConfig config = provider.parse(settings);
        settings.refuseUnknownKeys();
        return config;
    }

    @Test
    void shortFormNamesAContainerOrLabels() {
        DockerConfig named = uri("docker://web.1:8080?network=front", Map.of());
        assertEquals("web.1", named.container());
        assertEquals(8080, named.port());
        assertEquals("front", named.network());
        assertEquals(Address.NETWORK, named.address());
        assertEquals(Path.of("/var/run/docker.sock"), named.engine().socket());

        DockerConfig labelled = uri("docker://?label=app=redis,tier&port=6379&address=published&health=any", Map.of());
        assertEquals(List.of("app=redis", "tier"), labelled.labels());
        assertEquals(6379, labelled.port());
        assertEquals(Address.PUBLISHED, labelled.address());
        assertEquals(DockerConfig.Health.ANY, labelled.health());
        assertEquals(List.of(), settings.problems());
    }

    @Test
    void engineIsWhereDockersOwnClientWouldLook() {
        assertEquals(
                Path.of("/run/user/docker.sock"),
                uri("docker://web", Map.of("DOCKER_HOST", "unix:///run/user/docker.sock"))
                        .engine()
                        .socket());
        DockerConfig tls = uri(
                "docker://web",
                Map.of("DOCKER_HOST", "tcp://10.0.0.9", "DOCKER_TLS_VERIFY", "1", "DOCKER_CERT_PATH", "/certs"));
        assertEquals("10.0.0.9:2376", tls.engine().toString());
        assertEquals(
                new TlsOptions(Path.of("/certs/ca.pem"), Path.of("/certs/cert.pem"), Path.of("/certs/key.pem"), null),
                tls.engine().tls());
        assertEquals(
                "10.0.0.8:2375",
                uri("docker://web?host=tcp://10.0.0.8", Map.of("DOCKER_HOST", "unix:///elsewhere"))
                        .engine()
                        .toString());
    }

    @Test
    void engineInTheClearBeyondThisMachineDrawsAWarning() {
        uri("docker://web?host=tcp://10.0.0.9:2375", Map.of());
        assertTrue(settings.warnings().toString().contains("Use TLS"), settings.warnings()::toString);
        uri("docker://web?host=tcp://127.0.0.1:2375", Map.of());
        assertEquals(List.of(), settings.warnings());
    }

    @Test
    void whatCannotBeIsSaid() {
        uri("docker://", Map.of());
        assertProblem("label: is missing, and so is container");
        uri("docker://?label==x", Map.of());
        assertProblem("is not name or name=value");
        uri("docker://we%20b", Map.of());
        assertProblem("is no name of a container");
        uri("docker://web:0", Map.of());
        assertProblem("port: \"0\" is not a whole number from 1 to 65535");
        uri("docker://web?host=/var/run/docker.sock", Map.of());
        assertProblem("is not unix:///path or tcp://host:port");
        uri("docker://web?network=a&address=published", Map.of());
        assertProblem("network: goes with address = network");
        assertThrows(IllegalArgumentException.class, () -> uri("docker://web/path", Map.of()));
    }

    private void assertProblem(String part) {
        assertTrue(settings.problems().toString().contains(part), settings.problems()::toString);
    }
}
