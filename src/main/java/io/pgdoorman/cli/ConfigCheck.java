package io.pgdoorman.cli;

import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.LoadResult;
import io.pgdoorman.config.Problem;
import io.pgdoorman.runtime.CertificateCheck;

import java.io.PrintWriter;
import java.nio.file.Path;

/**
 * {@code pg_doorman -t}: loads the configuration and says all that is to be said about it. Binds
 * nothing, contacts nobody. Threads: confined to main.
 */
final class ConfigCheck {
    private final PrintWriter out;
    private final PrintWriter err;

    ConfigCheck(PrintWriter out, PrintWriter err) {
        this.out = out;
        this.err = err;
    }

    /** Returns the exit code. With {@code strict} a warning fails the check. */
    int run(Path file, boolean strict) {
        LoadResult loaded = ConfigLoader.load(file);
        LoadResult result = strict ? loaded.withWarningsAsErrors() : loaded;
        print(result);
        if (result.config().isEmpty()) {
            return ExitCode.CONFIG;
        }
        CertificateCheck certificates = CertificateCheck.of(result.config().get());
        certificates.warnings().forEach(text -> err.println("warning: " + text));
        certificates.error().ifPresent(text -> err.println("Config parse error: " + text));
        if (certificates.error().isPresent() || (strict && !certificates.warnings().isEmpty())) {
            return ExitCode.CONFIG;
        }
        out.printf("pg_doorman: the configuration file %s syntax is ok%n", file);
        out.printf("pg_doorman: configuration file %s test is successful%n", file);
        return ExitCode.OK;
    }

    /** As {@link #run}, but answers a question about the rules; returns the exit code. */
    int ask(Path file, boolean strict, HbaQuestion question) {
        LoadResult loaded = ConfigLoader.load(file);
        LoadResult result = strict ? loaded.withWarningsAsErrors() : loaded;
        print(result);
        return result.config()
                .map(config -> question.answer(config.general(), out))
                .orElse(ExitCode.CONFIG);
    }

    /** Prints every problem. */
    void print(LoadResult result) {
        result.problems().forEach(this::print);
    }

    private void print(Problem problem) {
        String kind =
                switch (problem.severity()) {
                    case ERROR -> "Config parse error";
                    case WARNING -> "warning";
                    case NOT_IN_EFFECT -> "not in effect yet";
                };
        err.println(kind + ": " + problem.text());
    }
}
