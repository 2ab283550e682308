package io.ambassador.launcher.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NestingTest {
    private static String deep(String level, String end) {
        return level.repeat(Nesting.MOST + 1) + end.repeat(Nesting.MOST + 1);
    }

    static Stream<Arguments> tooDeep() {
        return Stream.of(
                Arguments.of(deep("{", "}"), 1),
                Arguments.of("a = 1\nb = " + deep("[", "]"), 2),
                Arguments.of("\n\na " + deep("{ a ", "}"), 3),
                Arguments.of(deep("a {\n", "}\n"), Nesting.MOST + 1),
                Arguments.of("a." + deep("a.", "") + "a = 1", 1),
                Arguments.of("x = ${" + deep("\"a\".", "") + "a}", 1),
                Arguments.of("a { # }\n" + deep("{", "}"), 2),
                Arguments.of("\"\"\"\n\n\"\"\" " + deep("{", "}"), 3),
                Arguments.of("a = \"unfinished\n" + deep("{", "}"), 2),
                Arguments.of("a = \"\\\"\" " + deep("{", "}"), 1),
                Arguments.of("}]".repeat(1_000) + deep("{", ""), 1));
    }

    @ParameterizedTest
    @MethodSource("tooDeep")
    void theLineThatGoesTooDeepIsFound(String text, int line) {
        assertEquals(line, Nesting.lineTooDeep(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ambassador { services { redis { health { outlier { max-ejected = 0.5 } } } } }",
                "a = \"%s\"",
                "a = \"\"\"%s\"\"\"",
                "# %s",
                "// %s",
                "a / b",
                "\"",
                "\"\"\"",
                "\\",
                "\"\\",
            })
    void whatOnlyLooksDeepIsNot(String text) {
        assertNull(Nesting.lineTooDeep(text.replace("%s", "{[".repeat(1_000))));
        assertNull(Nesting.lineTooDeep("{ a = 1 }, { b = [ 1.2.3 ] }\n".repeat(1_000)));
    }
}
