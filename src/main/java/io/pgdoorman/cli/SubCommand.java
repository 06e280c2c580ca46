package io.pgdoorman.cli;

import io.pgdoorman.migrate.ConfigFormat;
import io.pgdoorman.migrate.MigrationException;

import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/** The words after a command that writes a configuration. Threads: confined to main. */
record SubCommand(String name, CommandLine words) {
    static final String OUTPUT = "output";
    static final String FORMAT = "format";
    static final String NO_COMMENTS = "no-comments";
    static final String HELP = "help";

    /** The options that such commands have in common. */
    static Options options() {
        return new Options()
                .addOption(value("o", OUTPUT))
                .addOption(value("f", FORMAT))
                .addOption(null, NO_COMMENTS, false, null)
                .addOption("h", HELP, false, null);
    }

    static Option value(@Nullable String letter, String name) {
        return Option.builder(letter).longOpt(name).hasArg().get();
    }

    static SubCommand parse(String name, Options options, List<String> words)
            throws UsageException {
        try {
            DefaultParser parser = DefaultParser.builder().setAllowPartialMatching(false).get();
            CommandLine parsed = parser.parse(options, words.toArray(String[]::new));
            if (!parsed.getArgList().isEmpty()) {
                throw new UsageException(
                        "unexpected argument of %s: %s"
                                .formatted(name, parsed.getArgList().getFirst()));
            }
            return new SubCommand(name, parsed);
        } catch (ParseException e) {
            throw new UsageException("%s: %s".formatted(name, e.getMessage()));
        }
    }

    boolean has(String option) {
        return words.hasOption(option);
    }

    Optional<String> text(String option) {
        return Optional.ofNullable(words.getOptionValue(option));
    }

    Optional<Path> path(String option) throws UsageException {
        Optional<String> text = text(option);
        try {
            return text.map(Path::of);
        } catch (InvalidPathException e) {
            throw new UsageException("--%s: no file can have this name".formatted(option));
        }
    }

    /** By {@code --format}, else by the name of the output. */
    ConfigFormat format(ConfigFormat otherwise) throws UsageException {
        Optional<String> given = text(FORMAT);
        if (given.isEmpty()) {
            return text(OUTPUT).map(ConfigFormat::ofFile).orElse(otherwise);
        }
        return switch (given.get()) {
            case "toml" -> ConfigFormat.TOML;
            case "yaml" -> ConfigFormat.YAML;
            default -> throw new UsageException("--format must be toml or yaml, is " + given.get());
        };
    }

    /**
     * To the file of {@code --output}, which nobody but its owner can read, else to {@code out}.
     */
    void write(String text, PrintWriter out) throws UsageException, MigrationException {
        Optional<Path> file = path(OUTPUT);
        if (file.isEmpty()) {
            out.print(text);
            return;
        }
        try {
            write(file.get(), text);
        } catch (IOException e) {
            throw MigrationException.ofFile("cannot write " + file.get(), e);
        }
    }

    private static void write(Path file, String text) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            Files.writeString(file, text); // a device or a pipe
            return;
        }
        Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
        Path whole = Files.createTempFile(target.getParent(), ".pg_doorman", ".tmp");
        try {
            Files.writeString(whole, text);
            Files.move(whole, target, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(whole);
        }
    }
}
