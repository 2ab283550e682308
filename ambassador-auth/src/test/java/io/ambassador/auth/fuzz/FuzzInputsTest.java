package io.ambassador.auth.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each input that is kept, without a fuzzer: ordinary exchanges, and those that once broke a codec. */
class FuzzInputsTest {
    static List<Class<?>> targets() {
        return Targets.ALL;
    }

    @ParameterizedTest
    @MethodSource("targets")
    void keptInputsPass(Class<?> target) throws Exception {
        List<Path> inputs;
        try (Stream<Path> files = Files.list(Targets.inputs(target))) {
            inputs = files.sorted().toList();
        }
        assertTrue(inputs.size() > 1, "ordinary exchanges to begin from");
        for (Path input : inputs) {
            byte[] bytes = Files.readAllBytes(input);
            try {
                target.getMethod("fuzzerTestOneInput", byte[].class).invoke(null, (Object) bytes);
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(input.toString(), e);
            }
        }
    }
}
