package io.pgdoorman.config;

import java.util.List;
import java.util.Optional;

/**
 * What came of loading. Threads: immutable.
 *
 * @param config present exactly when no problem is an error
 * @param problems in the order of the files and keys, all of them
 */
public record LoadResult(Optional<Config> config, List<Problem> problems) {
    public LoadResult {
        problems = List.copyOf(problems);
    }

    /** The strict reading: warnings are errors, so there is no configuration if there is one. */
    public LoadResult withWarningsAsErrors() {
        List<Problem> strict = problems.stream().map(LoadResult::strict).toList();
        boolean failed = strict.stream().anyMatch(p -> p.severity() == Problem.Severity.ERROR);
        return new LoadResult(failed ? Optional.empty() : config, strict);
    }

    private static Problem strict(Problem problem) {
        if (problem.severity() != Problem.Severity.WARNING) {
            return problem;
        }
        return new Problem(
                Problem.Severity.ERROR,
                problem.file(),
                problem.line(),
                problem.key(),
                problem.message(),
                problem.nearest());
    }
}
