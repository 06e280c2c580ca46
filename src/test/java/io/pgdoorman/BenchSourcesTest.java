package io.pgdoorman;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/** The load of the benchmarks is compiled by its script, so that nothing else would miss it. */
class BenchSourcesTest {
    private static final Path LOAD = Path.of("src/bench/java/io/pgdoorman/bench/load");

    @Test
    void theLoadCompiles(@TempDir Path classes) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("-d", classes.toString(), "-Xlint:all"));
        try (var files = Files.newDirectoryStream(LOAD, "*.java")) {
            for (Path file : files) {
                if (!file.endsWith("package-info.java")) { // needs a library
                    arguments.add(file.toString());
                }
            }
        }
        ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();

        int code = javac.run(System.out, System.err, arguments.toArray(String[]::new));

        assertThat(code).isZero();
    }
}
