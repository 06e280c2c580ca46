import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checks or writes the format of all sources: google-java-format, AOSP style. The build starts it
 * as a single-file program, because the formatter has to run in the JDK whose language the sources
 * use.
 *
 * <p>Arguments: {@code check} or {@code apply}, then the directory to search. Exit code 1 if a
 * check found something.
 */
final class Format {
    private static final Formatter FORMATTER =
            new Formatter(
                    JavaFormatterOptions.builder().style(JavaFormatterOptions.Style.AOSP).build());

    private Format() {}

    public static void main(String[] args) throws Exception {
        boolean apply = args[0].equals("apply");
        List<Path> different = new ArrayList<>();
        for (Path source : sources(Path.of(args[1]))) {
            String before = Files.readString(source);
            String after = format(source, before);
            if (!after.equals(before)) {
                different.add(source);
                if (apply) {
                    Files.writeString(source, after);
                }
            }
        }
        if (!apply && !different.isEmpty()) {
            different.forEach(path -> System.err.println("not formatted: " + path));
            System.err.println("Format them by: mvn -q process-sources -Dformat");
            System.exit(1);
        }
    }

    private static List<Path> sources(Path root) throws Exception {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.filter(path -> path.toString().endsWith(".java")).sorted().toList();
        }
    }

    private static String format(Path source, String text) throws Exception {
        try {
            String imports =
                    ImportOrderer.reorderImports(
                            RemoveUnusedImports.removeUnusedImports(text),
                            JavaFormatterOptions.Style.AOSP);
            return FORMATTER.formatSource(imports);
        } catch (Exception e) {
            throw new IllegalStateException("cannot format " + source, e);
        }
    }
}
