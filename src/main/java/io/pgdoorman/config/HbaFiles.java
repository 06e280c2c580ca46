package io.pgdoorman.config;

import io.pgdoorman.config.HbaTokens.Token;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Splits rule text into lines and fields, and reads the files it names: {@code include} lines and
 * {@code @file} names. Relative names are looked for beside the file that has them. Threads:
 * confined to one load.
 */
final class HbaFiles {
    /** As deep as PostgreSQL goes. */
    static final int MAX_DEPTH = 10;

    /** Of all files together: files that name each other many times would never end. */
    static final int MAX_CHARACTERS = 32 << 20;

    private static final String INCLUDE = "include";
    private static final String INCLUDE_IF_EXISTS = "include_if_exists";
    private static final String INCLUDE_DIR = "include_dir";
    private static final int SHOWN_CHARACTERS = 80;

    /** Names, with those of its files in place of {@code @file}, and how it was written. */
    record Field(List<Token> tokens, String shown) {
        Token first() {
            return tokens.getFirst();
        }
    }

    /** A line that is not empty; each field has a token, unless it was an empty file's. */
    record Line(String file, int number, List<Field> fields) {}

    /** A text and how we came to it, which must not lead back to it. */
    private record Source(String name, Path directory, List<Path> open) {}

    private final Consumer<Problem> problems;
    private long characters;
    private boolean failed;

    HbaFiles(Consumer<Problem> problems) {
        this.problems = problems;
    }

    /** Whether something could not be read; it was reported. */
    boolean failed() {
        return failed;
    }

    /**
     * All lines of a text, those of included files among them.
     *
     * @param directory of relative names
     */
    List<Line> lines(String text, String name, Path directory) {
        var lines = new ArrayList<Line>();
        split(text, new Source(name, directory, List.of()), lines::add);
        return lines;
    }

    /** All lines of a file; none if it cannot be read. */
    List<Line> lines(Path file) {
        var lines = new ArrayList<Line>();
        var found = new Problems();
        SourceFile.readText(file, found)
                .ifPresent(text -> split(text, inside(file, List.of()), lines::add));
        found.all().forEach(problems);
        failed |= found.hasErrors();
        return lines;
    }

    private static Source inside(Path file, List<Path> outer) {
        Path real = file.toAbsolutePath().normalize();
        var open = new ArrayList<>(outer);
        open.add(real);
        Path parent = real.getParent();
        return new Source(file.toString(), parent == null ? real : parent, List.copyOf(open));
    }

    private void split(String text, Source source, Consumer<Line> out) {
        characters += text.length();
        String[] lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            int number = i + 1;
            var whole = new StringBuilder(withoutReturn(lines[i]));
            int joined = 0;
            while (whole.length() > joined && whole.charAt(whole.length() - 1) == '\\') {
                whole.setLength(whole.length() - 1);
                joined = whole.length();
                if (i + 1 < lines.length) {
                    whole.append(withoutReturn(lines[++i]));
                }
            }
            line(whole.toString(), source, number, out);
        }
    }

    private static String withoutReturn(String line) {
        int end = line.length();
        while (end > 0 && line.charAt(end - 1) == '\r') {
            end--;
        }
        return line.substring(0, end);
    }

    private void line(String text, Source source, int number, Consumer<Line> out) {
        HbaTokens.Line split = HbaTokens.split(text);
        if (!split.complete()) {
            error(source, number, "a quotation mark is not closed");
            return;
        }
        if (split.fields().isEmpty()) {
            return;
        }
        Token first = split.fields().getFirst().getFirst();
        switch (first.text().toLowerCase(Locale.ROOT)) {
            case INCLUDE, INCLUDE_IF_EXISTS, INCLUDE_DIR ->
                    include(split.fields(), source, number, out);
            default -> {
                var fields = new ArrayList<Field>();
                boolean good = true;
                for (List<Token> tokens : split.fields()) {
                    Optional<List<Token>> expanded = expand(tokens, source, number);
                    good &= expanded.isPresent();
                    fields.add(new Field(expanded.orElse(List.of()), shown(tokens)));
                }
                if (good) {
                    out.accept(new Line(source.name(), number, List.copyOf(fields)));
                }
            }
        }
    }

    // ---- include --------------------------------------------------------------------------------

    private void include(List<List<Token>> fields, Source source, int number, Consumer<Line> out) {
        String keyword = fields.getFirst().getFirst().text().toLowerCase(Locale.ROOT);
        if (fields.size() != 2 || fields.get(0).size() != 1 || fields.get(1).size() != 1) {
            error(source, number, "expected %s and one name".formatted(keyword));
            return;
        }
        String name = fields.get(1).getFirst().text();
        Optional<Path> path = resolve(name, source, number);
        if (path.isEmpty()) {
            return;
        }
        switch (keyword) {
            case INCLUDE_DIR -> directory(path.get(), source, number, out);
            case INCLUDE_IF_EXISTS -> {
                if (!Files.notExists(path.get())) {
                    file(path.get(), source, number, out);
                }
            }
            default -> file(path.get(), source, number, out);
        }
    }

    /** The files that end in {@code .conf}, by name; hidden ones are left out. */
    private void directory(Path directory, Source source, int number, Consumer<Line> out) {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files =
                    all.filter(path -> isRuleFile(path.getFileName().toString()))
                            .filter(path -> !Files.isDirectory(path))
                            .sorted()
                            .toList();
        } catch (IOException | RuntimeException failure) {
            error(source, number, "could not list the directory: " + failure);
            return;
        }
        files.forEach(file -> file(file, source, number, out));
    }

    private static boolean isRuleFile(String name) {
        return name.endsWith(".conf") && !name.startsWith(".");
    }

    private boolean file(Path file, Source source, int number, Consumer<Line> out) {
        Source inner = inside(file, source.open());
        if (source.open().contains(inner.open().getLast())) {
            return error(source, number, "%s names itself, perhaps by others".formatted(file));
        }
        if (source.open().size() >= MAX_DEPTH) {
            return error(
                    source, number, "more than %d files inside each other".formatted(MAX_DEPTH));
        }
        if (characters > MAX_CHARACTERS) {
            return error(
                    source, number, "more than %d characters in all".formatted(MAX_CHARACTERS));
        }
        var found = new Problems();
        Optional<String> text = SourceFile.readText(file, found);
        for (Problem problem : found.all()) {
            error(source, number, "%s %s".formatted(file, problem.message()));
        }
        boolean before = failed;
        failed = false;
        text.ifPresent(good -> split(good, inner, out));
        boolean good = text.isPresent() && !failed;
        failed |= before;
        return good;
    }

    private Optional<Path> resolve(String name, Source source, int number) {
        try {
            return Optional.of(source.directory().resolve(name));
        } catch (InvalidPathException notAPath) {
            error(source, number, "no file can have that name");
            return Optional.empty();
        }
    }

    // ---- names from files -----------------------------------------------------------------------

    /** Empty if a file could not be read. */
    private Optional<List<Token>> expand(List<Token> tokens, Source source, int number) {
        var all = new ArrayList<Token>();
        boolean good = true;
        for (Token token : tokens) {
            if (!token.quoted() && token.text().length() > 1 && token.text().startsWith("@")) {
                Optional<Path> path = resolve(token.text().substring(1), source, number);
                good &=
                        path.isPresent()
                                && file(
                                        path.get(),
                                        source,
                                        number,
                                        line -> line.fields().forEach(f -> all.addAll(f.tokens())));
            } else {
                all.add(token);
            }
        }
        return good ? Optional.of(List.copyOf(all)) : Optional.empty();
    }

    // ---- small ----------------------------------------------------------------------------------

    private boolean error(Source source, int number, String message) {
        failed = true;
        problems.accept(
                new Problem(
                        Problem.Severity.ERROR,
                        source.name(),
                        OptionalInt.of(number),
                        "",
                        message,
                        Optional.empty()));
        return false;
    }

    /** As written, but for blanks; long ones are cut. */
    private static String shown(List<Token> field) {
        String text = field.stream().map(HbaFiles::shown).collect(Collectors.joining(","));
        return text.length() > SHOWN_CHARACTERS
                ? text.substring(0, SHOWN_CHARACTERS) + "..."
                : text;
    }

    /** As it was written, but a secret, which may stand where no option should. */
    static String shown(Token token) {
        int equals = token.text().indexOf('=');
        if (equals >= 0 && HbaMethods.isSecret(token.text().substring(0, equals))) {
            return token.text().substring(0, equals) + "=***";
        }
        return token.quoted() ? '"' + token.text().replace("\"", "\"\"") + '"' : token.text();
    }
}
