package io.pgdoorman.migrate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects the report. Threads: confined to one import. */
final class Findings {
    private final List<Finding> all = new ArrayList<>();

    void add(Place at, String name, String why, String advice) {
        all.add(new Finding(at.file(), at.line(), name, why, advice));
    }

    /** Each once, by file in the order they were first named, then by line. */
    List<Finding> all() {
        List<String> files = all.stream().map(Finding::file).distinct().toList();
        return all.stream()
                .distinct()
                .sorted(
                        Comparator.comparingInt((Finding f) -> files.indexOf(f.file()))
                                .thenComparingInt(Finding::line))
                .toList();
    }
}
