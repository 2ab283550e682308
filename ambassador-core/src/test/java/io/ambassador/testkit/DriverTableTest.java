package io.ambassador.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;

class DriverTableTest {
    @TempDir
    Path folder;

    @Test
    void holdsADocumentAgainstWhatPassed() throws Exception {
        Path document = Files.writeString(
                folder.resolve("x.md"),
                "# X\n\n<!-- drivers -->\n| driver | version | seen to work |\n|---|---|---|\n"
                        + "| a | 1 | COPY, pub/sub |\n| b | 2.0 | scripts |\n<!-- /drivers -->\n");
        DriverTable table = new DriverTable(document);
        table.passed("b", "2.0", "scripts");
        table.passed("a", "1", "pub/sub", "COPY");
        table.check();

        table.passed("a", "1", "scripts");
        String said = assertThrows(AssertionFailedError.class, table::check).getMessage();
        assertTrue(said.contains("| a | 1 | COPY, pub/sub, scripts |"), said);
    }

    @Test
    void asksForItsPlace() throws Exception {
        DriverTable table = new DriverTable(Files.writeString(folder.resolve("y.md"), "# Y\n"));
        assertThrows(AssertionFailedError.class, table::check);
    }

    @Test
    void knowsTheVersionOfALibrary() {
        assertTrue(DriverTable.versionOf(Test.class).matches("[0-9]+(\\.[0-9]+)+"), DriverTable.versionOf(Test.class));
        assertEquals(DriverTable.versionOf(Test.class), DriverTable.versionOf(org.junit.jupiter.api.Assertions.class));
    }
}
