package io.ambassador.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenFilesTest {
    @Test
    void readsTheSoftLimit(@TempDir Path directory) throws Exception {
        Path limits = Files.writeString(
                directory.resolve("limits"),
                "Limit                     Soft Limit           Hard Limit           Units\n"
                        + "Max open files            256                  4096                 files\n");
        assertEquals(256, OpenFiles.limit(limits));
        assertEquals(1 << 20, OpenFiles.limit(directory.resolve("none")));
    }
}
