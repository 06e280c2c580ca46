package io.pgdoorman.migrate;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads PgBouncer's dialect of ini files: {@code ;} and {@code #} begin a comment at the start of a
 * line only, names may stand in double quotes, and {@code %include FILE} may stand anywhere. What
 * PgBouncer itself would refuse is an error here too. Threads: confined to one call.
 *
 * @see <a href="https://www.pgbouncer.org/config.html">pgbouncer.ini</a>
 */
final class IniReader {
    /** As in PgBouncer. */
    private static final int MAX_DEPTH = 10;

    private static final int MAX_ERRORS = 20;
    private static final Pattern INCLUDE = Pattern.compile("%include[ \t]+(.*)");
    private static final Pattern SECTION = Pattern.compile("\\[([^]]*)].*");
    private static final Pattern NAME = Pattern.compile("[\\w.*-]+");

    private final List<IniEntry> entries = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private final Deque<Path> open = new ArrayDeque<>();
    private String section = "";

    private IniReader() {}

    /** The entries of a file and all it includes, in order. */
    static List<IniEntry> read(Path file) throws MigrationException {
        var reader = new IniReader();
        reader.readFile(file, "given by --ini");
        if (!reader.errors.isEmpty()) {
            List<String> shown = reader.errors.stream().limit(MAX_ERRORS).toList();
            int more = reader.errors.size() - shown.size();
            throw new MigrationException(
                    "%s is broken:%n  %s%s"
                            .formatted(
                                    file,
                                    String.join("%n  ".formatted(), shown),
                                    more > 0 ? "%n  and %d more".formatted(more) : ""));
        }
        return List.copyOf(reader.entries);
    }

    private void readFile(Path file, String why) throws MigrationException {
        if (open.size() == MAX_DEPTH) {
            throw new MigrationException(
                    "%s (%s): includes are nested more than %d deep, is there a loop? %s"
                            .formatted(file, why, MAX_DEPTH, open.reversed()));
        }
        open.push(file);
        List<String> lines = TextFile.lines(file, why);
        for (int i = 0; i < lines.size(); i++) {
            readLine(lines.get(i).strip(), new Place(file.toString(), i + 1), file);
        }
        open.pop();
    }

    private void readLine(String line, Place at, Path file) throws MigrationException {
        if (line.isEmpty() || line.startsWith(";") || line.startsWith("#")) {
            return;
        }
        Matcher include = INCLUDE.matcher(line);
        Matcher heading = SECTION.matcher(line);
        Optional<Quoted> key = key(line);
        if (include.matches()) {
            Path included = TextFile.resolve(include.group(1), file, at);
            readFile(included, "included by " + at);
        } else if (heading.matches()) {
            section = heading.group(1);
        } else if (key.isEmpty() || !isAssigned(line, key.get().end())) {
            // Not shown: it may hold a password.
            errors.add(at + ": is neither [section] nor name = value");
        } else if (section.isEmpty()) {
            errors.add(at + ": stands before the first [section]");
        } else {
            String value = line.substring(line.indexOf('=', key.get().end()) + 1).strip();
            entries.add(new IniEntry(at, section, key.get().text(), value));
        }
    }

    private static Optional<Quoted> key(String line) {
        if (line.startsWith("\"")) {
            return Quoted.read(line, 0).filter(key -> !key.text().isEmpty());
        }
        Matcher name = NAME.matcher(line);
        return name.lookingAt()
                ? Optional.of(new Quoted(name.group(), name.end()))
                : Optional.empty();
    }

    private static boolean isAssigned(String line, int keyEnd) {
        return line.substring(keyEnd).stripLeading().startsWith("=");
    }
}
