package io.pgdoorman.migrate;

import io.pgdoorman.config.Config;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.LoadResult;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** PgBouncer's files in a directory of a test, and what the import makes of them. */
final class BouncerFiles {
    private final Path directory;

    BouncerFiles(Path directory) {
        this.directory = directory;
    }

    Path write(String name, String text) {
        try {
            return Files.writeString(directory.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Imports the file {@code pgbouncer.ini} of this text. */
    Imported importIni(String text) throws MigrationException {
        return importIni(text, ConfigFormat.TOML);
    }

    Imported importIni(String text, ConfigFormat format) throws MigrationException {
        Path ini = write("pgbouncer.ini", text);
        var source = new PgBouncerImport.Source(ini, Optional.empty(), Optional.empty());
        PgBouncerImport.Result result = PgBouncerImport.run(source, format, true);
        return new Imported(result, ConfigLoader.parse(result.text(), format.exampleName()));
    }

    /**
     * @param strict of the text, as {@code pg_doorman -t --strict} reads it
     */
    record Imported(PgBouncerImport.Result result, LoadResult strict) {
        Imported {
            strict = strict.withWarningsAsErrors();
        }

        Config config() {
            return strict.config().orElseThrow(() -> new AssertionError(strict.problems()));
        }

        List<String> findings() {
            return result.findings().stream().map(Finding::text).toList();
        }
    }
}
