package io.pgdoorman.config;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One rule of {@link HbaRules}, as written but for comment and blanks; very long fields are cut.
 * Threads: immutable.
 *
 * @param file or the name of the key that has the text
 * @param line in it, from 1; 0 for a rule that was not written
 * @param address empty for Unix sockets
 * @param mask empty if the address says it all
 * @param options of the method
 */
public record HbaRule(
        String file,
        int line,
        String type,
        String database,
        String user,
        String address,
        String mask,
        HbaMethod method,
        HbaOptions options) {

    /** On one line, with single blanks. */
    public String text() {
        return Stream.of(type, database, user, address, mask, method.text(), options.toString())
                .filter(field -> !field.isEmpty())
                .collect(Collectors.joining(" "));
    }

    Problem problem(Problem.Severity severity, String message) {
        return new Problem(
                severity,
                file,
                line == 0 ? OptionalInt.empty() : OptionalInt.of(line),
                "",
                message,
                Optional.empty());
    }

    /** Where it stands, as in {@code pg_hba.conf:12}. */
    public String place() {
        return line == 0 ? file : file + ":" + line;
    }
}
