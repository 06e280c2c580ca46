package io.pgdoorman.cli;

import io.pgdoorman.migrate.ConfigFormat;
import io.pgdoorman.migrate.Finding;
import io.pgdoorman.migrate.MigrationException;
import io.pgdoorman.migrate.PgBouncerImport;

import org.apache.commons.cli.Options;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;

/** {@code pg_doorman import}. Threads: confined to main. */
final class ImportCommand {
    private static final String INI = "ini";
    private static final String USER_LIST = "userlist";
    private static final String HBA = "hba";

    private static final String USAGE =
            """
            Usage: pg_doorman import --ini FILE [OPTIONS]

            Makes a configuration from those of PgBouncer. What has no counterpart, or another
            meaning, is listed on standard error and at the top of the result.

                  --ini FILE           pgbouncer.ini
                  --userlist FILE      Users and their secrets. Default: auth_file of the ini
                  --hba FILE           Rules of access. Default: auth_hba_file of the ini, if its
                                       auth_type is hba
              -o, --output FILE        Default: standard output
              -f, --format FORMAT      toml or yaml. Default: by the name of the output, else toml
                  --no-comments        Write settings only
              -h, --help               Print this text

            Exit codes: 0 done; 1 a file cannot be read or is broken, nothing is written; 2 wrong
            options.
            """;

    private final PrintWriter out;
    private final PrintWriter err;

    ImportCommand(PrintWriter out, PrintWriter err) {
        this.out = out;
        this.err = err;
    }

    /** Returns the exit code. */
    int run(List<String> words) throws UsageException {
        Options options =
                SubCommand.options()
                        .addOption(SubCommand.value(null, INI))
                        .addOption(SubCommand.value(null, USER_LIST))
                        .addOption(SubCommand.value(null, HBA));
        var command = SubCommand.parse("import", options, words);
        if (command.has(SubCommand.HELP)) {
            out.print(USAGE);
            return ExitCode.OK;
        }
        Path ini =
                command.path(INI).orElseThrow(() -> new UsageException("import needs --ini FILE"));
        var source = new PgBouncerImport.Source(ini, command.path(USER_LIST), command.path(HBA));
        ConfigFormat format = command.format(ConfigFormat.TOML);
        try {
            PgBouncerImport.Result result =
                    PgBouncerImport.run(source, format, !command.has(SubCommand.NO_COMMENTS));
            command.write(result.text(), out);
            report(result.findings());
            return ExitCode.OK;
        } catch (MigrationException e) {
            err.println("pg_doorman: import: " + e.getMessage());
            return ExitCode.FAILURE;
        }
    }

    private void report(List<Finding> findings) {
        if (!findings.isEmpty()) {
            err.println("pg_doorman: import: what has no counterpart, or another meaning:");
            findings.forEach(finding -> err.println(finding.text()));
        }
    }
}
