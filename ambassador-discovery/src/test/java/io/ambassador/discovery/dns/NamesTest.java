package io.ambassador.discovery.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.dns.SystemFiles.ResolvConf;
import io.ambassador.discovery.support.Answer;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.testkit.DnsReply;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How names become addresses: hosts file, search domains, localhost, settings. */
class NamesTest extends Scripted {
    @TempDir
    Path directory;

    private SystemFiles system(String resolvConf, String hosts) throws Exception {
        Path conf = Files.writeString(directory.resolve("resolv.conf"), resolvConf);
        InetSocketAddress server = DnsOptions.resolver(dns.address());
        return new SystemFiles(conf, Files.writeString(directory.resolve("hosts"), hosts)) {
            @Override
            ResolvConf resolvConf() { // the file cannot name a port
                ResolvConf parsed = super.resolvConf();
                return new ResolvConf(List.of(server), parsed.search(), parsed.ndots());
            }
        };
    }

    private EndpointState resolve(SystemFiles system, String host) throws Exception {
        try (EndpointResolver resolver = new EndpointResolver(DnsOptions.system(), control.scheduler(), system)) {
            Answer answer = resolver.resolve(List.of(EndpointEntry.of(host, 80)))
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
            return answer.state();
        }
    }

    private Set<String> addresses(SystemFiles system, String host) throws Exception {
        return assertInstanceOf(Known.class, resolve(system, host)).endpoints().stream()
                .map(Endpoint::host)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void hostsFileComesFirst() throws Exception {
        SystemFiles system = system("", "# 10.9.9.9 db\n10.0.0.1  other DB.example.com db # main\nfd00::5 db\n");
        dns.on("A", "db", DnsReply.ok().a("db", 60, "10.9.9.9"));

        assertEquals(Set.of("10.0.0.1", "fd00::5"), addresses(system, "db"));
        assertEquals(Set.of("10.0.0.1"), addresses(system, "db.EXAMPLE.com."));
        assertEquals(List.of(), dns.asked());
    }

    @Test
    void localhostIsNeverAskedFor() throws Exception {
        SystemFiles system = system("", "");
        assertEquals(Set.of("127.0.0.1", "::1"), addresses(system, "localhost"));
        assertEquals(Set.of("127.0.0.1", "::1"), addresses(system, "app.localhost."));
        assertEquals(List.of(), dns.asked());
    }

    @Test
    void shortNamesAreTriedInTheSearchDomainsFirst() throws Exception {
        SystemFiles system = system("search a.test b.test\noptions timeout:1 ndots:2\n", "");
        dns.on("A", "redis.b.test", DnsReply.ok().a("redis.b.test", 60, "10.0.0.1"));
        assertEquals(Set.of("10.0.0.1"), addresses(system, "redis"));

        dns.on("A", "x.redis", DnsReply.ok().a("x.redis", 60, "10.0.0.2"));
        assertEquals(Set.of("10.0.0.2"), addresses(system, "x.redis"));
        assertInstanceOf(Absent.class, resolve(system, "redis."));
    }

    @Test
    void failureEndsTheSearch() throws Exception {
        SystemFiles system = system("search a.test b.test\n", "");
        dns.on("A", "redis.a.test", DnsReply.serverFailure());
        dns.on("AAAA", "redis.a.test", DnsReply.serverFailure());
        dns.on("A", "redis.b.test", DnsReply.ok().a("redis.b.test", 60, "10.6.6.6"));
        assertInstanceOf(EndpointState.Unreachable.class, resolve(system, "redis"));
    }

    @Test
    void orderOfCandidatesIsThatOfResolvConf() {
        ResolvConf conf = new ResolvConf(List.of(), List.of("a.test", "b.test"), 2);
        assertEquals(List.of("x.a.test", "x.b.test", "x"), RecordLookup.candidates("x", conf));
        assertEquals(List.of("x.y.z", "x.y.z.a.test", "x.y.z.b.test"), RecordLookup.candidates("x.y.z", conf));
        assertEquals(List.of("x."), RecordLookup.candidates("x.", conf));
    }

    @Test
    void resolvConfIsReadAsTheCLibraryDoes() throws Exception {
        Path conf = Files.writeString(
                directory.resolve("resolv.conf"),
                "; c\nnameserver 10.0.0.53 # x\nnameserver bad\nnameserver fd00::53\ndomain old.test\nsearch a.test\n"
                        + "options edns0 ndots:99\nsortlist 1.1.1.1\n");
        ResolvConf parsed = new SystemFiles(conf, conf).resolvConf();
        assertEquals(List.of(DnsOptions.resolver("10.0.0.53"), DnsOptions.resolver("[fd00::53]:53")), parsed.servers());
        assertEquals(List.of("a.test"), parsed.search());
        assertEquals(15, parsed.ndots());

        Path none = directory.resolve("none");
        assertEquals(
                List.of(DnsOptions.resolver("127.0.0.1:53")),
                new SystemFiles(none, none).resolvConf().servers());
    }

    @Test
    void literalAddressNeedsNoServer() throws Exception {
        assertEquals(Set.of("fd00::1"), addresses(system("", ""), "fd00:0::1"));
        assertEquals(List.of(), dns.asked());
    }

    @Test
    void shortFormsSayWhatIsWrong() {
        DnsProvider provider = new DnsProvider();
        for (String wrong :
                List.of("dns://h", "dns://h:x", "dns://h:1/x", "dns://:1", "dns://h:1;weight=2", "dns://")) {
            assertThrows(IllegalArgumentException.class, () -> provider.settingsOf(DiscoveryUri.parse(wrong)), wrong);
        }
        for (String wrong : List.of("srv://", "srv://n:1", "srv://n/x")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new SrvProvider().settingsOf(DiscoveryUri.parse(wrong)),
                    wrong);
        }
    }

    @Test
    void settingsSayWhatIsWrong() {
        Settings settings = Settings.of(
                "discovery",
                Map.of("host", "a b", "port", 1, "resolver", "localhost", "family", "v4", "timeout", "1ms"));
        new DnsProvider().parse(settings);
        String problems = String.join("\n", settings.problems());
        assertEquals(4, settings.problems().size(), problems);
        assertTrue(problems.contains("discovery.host: \"a b\" is not a DNS name or an address"), problems);
        assertTrue(problems.contains("discovery.resolver: \"localhost\" is not a DNS server's address"), problems);

        Settings empty = Settings.of("discovery", Map.of());
        new DnsProvider().parse(empty);
        new SrvProvider().parse(empty);
        assertEquals(3, empty.problems().size(), empty.problems().toString());
    }
}
