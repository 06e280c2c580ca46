package io.pgdoorman.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.LoadResult;
import io.pgdoorman.config.Problem;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Whoever copies a whole configuration out of the manual gets one that works. */
class ManualTest {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(toml|yaml)\n(.*?)^```$");

    @TestFactory
    List<DynamicTest> everyWholeConfigurationIsGood() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Path page : pages()) {
            BLOCK.matcher(Files.readString(page))
                    .results()
                    .filter(block -> block.group(2).contains("admin_password"))
                    .forEach(
                            block ->
                                    tests.add(
                                            DynamicTest.dynamicTest(
                                                    page + " at " + block.start(),
                                                    () -> check(block.group(2), block.group(1)))));
        }
        assertThat(tests).isNotEmpty();
        return tests;
    }

    private static void check(String configuration, String format) {
        LoadResult result = ConfigLoader.parse(configuration, "manual." + format);

        assertThat(result.problems())
                .filteredOn(problem -> problem.severity() != Problem.Severity.NOT_IN_EFFECT)
                .isEmpty();
        assertThat(result.config()).isPresent();
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> manual = Files.walk(Path.of("docs"))) {
            return Stream.concat(Stream.of(Path.of("README.md")), manual)
                    .filter(path -> path.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        }
    }
}
