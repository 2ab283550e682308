package io.ambassador.discovery.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.Json;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Settings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ContainersTest {
    private static final String WEB = """
            { "Id": "0123456789abcdef0123", "Names": ["/other/alias", "/web"], "Image": "shop:1",
              "Labels": { "app": "shop", "empty": "" },
              "Ports": [ { "IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 32769, "Type": "tcp" },
                         { "PrivatePort": 53, "Type": "udp" } ],
              "NetworkSettings": { "Networks": { "bridge": { "IPAddress": "172.17.0.2" } } } }""";

    private static String container(String ports, String networks) {
        return "{\"Id\":\"1\",\"Names\":[\"/c\"],\"Ports\":[" + ports + "],\"NetworkSettings\":{\"Networks\":{"
                + networks + "}}}";
    }

    private static String port(String ip, int inside, int outside) {
        return "{\"IP\":\"" + ip + "\",\"PrivatePort\":" + inside + ",\"PublicPort\":" + outside + ",\"Type\":\"tcp\"}";
    }

    private static String exposed(int inside) {
        return "{\"PrivatePort\":" + inside + ",\"Type\":\"tcp\"}";
    }

    private static String network(String name, String address) {
        return "\"" + name + "\":{\"IPAddress\":\"" + address + "\"}";
    }

    @Test
    void tellsWhatIsKnownBesideTheAddress() throws Exception {
        EndpointEntry entry = found(WEB, Map.of()).entries().get(0);
        assertEquals(
                new EndpointEntry(
                        "127.0.0.1",
                        32769,
                        1,
                        0,
                        Map.of(
                                "container", "web",
                                "id", "0123456789ab",
                                "image", "shop:1",
                                "label.app", "shop")),
                entry);
    }

    @Test
    void publishedPortComesFirstUnlessANetworkIsAskedFor() throws Exception {
        assertEquals("127.0.0.1:32769", address(WEB, Map.of()));
        assertEquals("127.0.0.1:32769", address(WEB, Map.of("port", 80)));
        assertEquals("172.17.0.2:81", address(WEB, Map.of("port", 81)));
        assertEquals("172.17.0.2:80", address(WEB, Map.of("address", "network")));
        assertEquals("172.17.0.2:80", address(WEB, Map.of("network", "bridge")));
        assertEquals("container web is not in the network front", address(WEB, Map.of("network", "front")));
        assertEquals(
                "container web does not publish its port 81", address(WEB, Map.of("address", "published", "port", 81)));
    }

    @Test
    void portPublishedEverywhereIsOnTheMachineOfTheEngine() throws Exception {
        String both = container(port("::", 80, 8000) + "," + port("0.0.0.0", 80, 8001), "");
        assertEquals("127.0.0.1:8001", address(both, Map.of()));
        assertEquals("10.0.0.9:8001", address(both, Map.of("host", "tcp://10.0.0.9:2375")));
        assertEquals("::1:8000", address(container(port("::", 80, 8000), ""), Map.of()));
        assertEquals("192.168.1.5:8000", address(container(port("192.168.1.5", 80, 8000), ""), Map.of()));
        assertEquals(
                "container c publishes its port on 127.0.0.1 of another machine",
                address(container(port("127.0.0.1", 80, 8000), ""), Map.of("host", "tcp://10.0.0.9:2375")));
    }

    @Test
    void choiceIsAskedForWhereThereIsOne() throws Exception {
        String ports = container(exposed(80) + "," + exposed(81), network("a", "10.1.0.2"));
        assertEquals("container c exposes the ports [80, 81]. Choose one: port", address(ports, Map.of()));
        assertEquals("10.1.0.2:81", address(ports, Map.of("port", 81)));
        String published = container(port("0.0.0.0", 80, 8000) + "," + exposed(81), network("a", "10.1.0.2"));
        assertEquals("127.0.0.1:8000", address(published, Map.of()), "the only one that is published");
        String networks = container(exposed(80), network("a", "10.1.0.2") + "," + network("b", "10.2.0.2"));
        assertEquals("container c is in the networks a, b. Choose one: network", address(networks, Map.of()));
        assertEquals("10.2.0.2:80", address(networks, Map.of("network", "b")));
        assertEquals(
                "container c exposes no TCP port. Say which: port",
                address(container("", network("a", "10.1.0.2")), Map.of()));
        assertEquals("container c is in no network", address(container(exposed(80), ""), Map.of()));
        assertEquals(
                "container c has no address in the network a",
                address(container(exposed(80), network("a", "")), Map.of()));
    }

    @Test
    void hostNetworkIsTheMachineOfTheEngine() throws Exception {
        String host = container("", network("host", ""));
        assertEquals("127.0.0.1:6379", address(host, Map.of("port", 6379)));
        assertEquals("10.0.0.9:6379", address(host, Map.of("port", 6379, "host", "tcp://10.0.0.9:2375")));
    }

    @Test
    void ipv6IsTakenWhereThereIsNoOther() throws Exception {
        String v6 = container(exposed(80), "\"a\":{\"IPAddress\":\"\",\"GlobalIPv6Address\":\"fd00::2\"}");
        assertEquals("fd00::2:80", address(v6, Map.of()));
    }

    @Test
    void networkOfAnotherContainerIsItsOwners() throws Exception {
        String guest = "{\"Id\":\"2\",\"Names\":[\"/guest\"],\"Ports\":[],\"Labels\":{\"app\":\"shop\"},"
                + "\"HostConfig\":{\"NetworkMode\":\"container:1\"},\"NetworkSettings\":{\"Networks\":{}}}";
        String owner = container(port("0.0.0.0", 80, 8000), network("a", "10.1.0.2"));
        Containers.Answer answer = Containers.read(("[" + guest + "]").getBytes(UTF_8));
        assertEquals(true, answer.needsAll());
        List<Json> all = Containers.read(("[" + owner + "," + guest + "]").getBytes(UTF_8))
                .containers();
        EndpointEntry entry = Containers.found(config(Map.of()), answer.containers(), all)
                .entries()
                .get(0);
        assertEquals(
                "127.0.0.1:8000 guest",
                entry.host() + ":" + entry.port() + " " + entry.metadata().get("container"));
        assertEquals(
                List.of("container guest lives in the network of a container that does not run"),
                Containers.found(config(Map.of()), answer.containers(), List.of())
                        .problems());
    }

    @Test
    void nameIsMatchedWhole() throws Exception {
        assertEquals(
                "/containers/json?filters=%7B%22health%22%3A%5B%22healthy%22%2C%22none%22%5D%2C%22name%22%3A%5B%22%5E%2F%3F"
                        + "web%5C%5C.1%24%22%5D%2C%22status%22%3A%5B%22running%22%5D%7D",
                Containers.target(config(Map.of("container", "web.1"))));
        assertEquals(
                "{\"label\":[\"a=\\\"\\\\\\u0001\"]}",
                new Filters().with("label", List.of("a=\"\\\u0001")).toString());
    }

    private static String address(String container, Map<String, ?> more) throws ConfigurationException {
        Containers.Found found = found(container, more);
        return found.problems().isEmpty()
                ? found.entries().get(0).host() + ":" + found.entries().get(0).port()
                : found.problems().get(0);
    }

    private static Containers.Found found(String container, Map<String, ?> more) throws ConfigurationException {
        List<Json> all =
                Containers.read(("[" + container + "]").getBytes(UTF_8)).containers();
        return Containers.found(config(more), all, all);
    }

    private static DockerConfig config(Map<String, ?> more) throws ConfigurationException {
        Map<String, Object> values = new HashMap<>(more);
        if (!values.containsKey("container")) {
            values.put("label", "app=shop");
        }
        Settings settings = Settings.of("discovery", values);
        DockerConfig config = new DockerProvider(name -> null).parse(settings);
        settings.refuseUnknownKeys();
        settings.throwIfWrong();
        return config;
    }
}
