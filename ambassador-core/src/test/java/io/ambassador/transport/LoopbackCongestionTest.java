package io.ambassador.transport;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoopbackCongestionTest {
    @TempDir
    Path folder;

    @Test
    void bbrPacesAndNothingElseDoes() throws Exception {
        Path file = folder.resolve("tcp_congestion_control");
        assertFalse(LoopbackCongestion.paces(file), "cannot be read");
        for (String paces : new String[] {"bbr\n", "bbr3\n"}) {
            assertTrue(LoopbackCongestion.paces(Files.writeString(file, paces)), paces);
        }
        for (String not : new String[] {"cubic\n", "reno\n", "dctcp\n", ""}) {
            assertFalse(LoopbackCongestion.paces(Files.writeString(file, not)), not);
        }
    }
}
