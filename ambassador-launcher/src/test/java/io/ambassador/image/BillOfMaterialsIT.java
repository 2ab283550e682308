package io.ambassador.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** What the runnable jar says it is made of. */
class BillOfMaterialsIT {
    @Test
    void billNamesWhatIsInTheJarAndDiffersFromNoOtherBuilds() throws Exception {
        try (JarFile jar = new JarFile(Path.of("target", "ambassador.jar").toFile());
                InputStream in = jar.getInputStream(jar.getEntry("META-INF/sbom/ambassador.cdx.json"))) {
            String bill = new String(in.readAllBytes(), UTF_8);

            for (String component : List.of(
                    "io.ambassador/ambassador-core@",
                    "io.netty/netty-transport-native-epoll@",
                    "io.micrometer/micrometer-registry-prometheus@",
                    "info.picocli/picocli@",
                    "com.typesafe/config@")) {
                assertTrue(bill.contains("pkg:maven/" + component), component);
            }
            assertTrue(bill.contains("\"Apache-2.0\"") && bill.contains("\"SHA-256\""), "licences and checksums");
            for (String absent : List.of("junit", "protobuf", "exposition-formats", "timestamp", "serialNumber")) {
                assertFalse(bill.contains(absent), absent);
            }
            assertTrue(jar.stream().noneMatch(entry -> entry.getName().contains("protobuf")));
        }
    }
}
