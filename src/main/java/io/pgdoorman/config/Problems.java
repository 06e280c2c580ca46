package io.pgdoorman.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Collects what is wrong while files are read and checked. Threads: confined to one load. */
final class Problems {
    private final List<Problem> all = new ArrayList<>();

    void error(Node.Position at, String key, String message) {
        add(Problem.Severity.ERROR, at, key, message, Optional.empty());
    }

    void warning(Node.Position at, String key, String message) {
        add(Problem.Severity.WARNING, at, key, message, Optional.empty());
    }

    void unknown(Node.Position at, String key, String message, Optional<String> nearest) {
        add(Problem.Severity.WARNING, at, key, message, nearest);
    }

    void notInEffect(Node.Position at, String key, String message) {
        add(Problem.Severity.NOT_IN_EFFECT, at, key, message, Optional.empty());
    }

    /** Takes over a problem another parser made. */
    void add(Problem problem) {
        all.add(problem);
    }

    boolean hasErrors() {
        return all.stream().anyMatch(p -> p.severity() == Problem.Severity.ERROR);
    }

    /** By file in the order they were first named, then by line; of one line as reported. */
    List<Problem> all() {
        List<String> files = all.stream().map(Problem::file).distinct().toList();
        return all.stream()
                .sorted(
                        Comparator.comparingInt((Problem p) -> files.indexOf(p.file()))
                                .thenComparingInt(p -> p.line().orElse(0)))
                .toList();
    }

    private void add(
            Problem.Severity severity,
            Node.Position at,
            String key,
            String message,
            Optional<String> nearest) {
        OptionalInt line = at.line() > 0 ? OptionalInt.of(at.line()) : OptionalInt.empty();
        all.add(new Problem(severity, at.file(), line, key, message, nearest));
    }
}
