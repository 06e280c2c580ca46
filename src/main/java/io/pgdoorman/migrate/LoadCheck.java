package io.pgdoorman.migrate;

import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.LoadResult;
import io.pgdoorman.config.Problem;

import java.util.stream.Collectors;

/** What is written must load. Threads: no state. */
final class LoadCheck {
    private LoadCheck() {}

    /**
     * @throws MigrationException if names or values of the source cannot stand in a configuration
     */
    static void check(String text, ConfigFormat format) throws MigrationException {
        LoadResult loaded = ConfigLoader.parse(text, format.exampleName());
        if (loaded.config().isEmpty()) {
            throw new MigrationException(
                    loaded.problems().stream()
                            .filter(problem -> problem.severity() == Problem.Severity.ERROR)
                            .map(problem -> Printable.of(problem.key() + ": " + problem.message()))
                            .collect(
                                    Collectors.joining(
                                            "\n  ",
                                            "what was read makes no good configuration; change it"
                                                    + " where it comes from:\n  ",
                                            "")));
        }
    }
}
