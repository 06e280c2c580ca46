package io.pgdoorman.cli;

import io.pgdoorman.config.ConfigReference;
import io.pgdoorman.migrate.ConfigFormat;
import io.pgdoorman.migrate.Generate;
import io.pgdoorman.migrate.GenerateOptions;
import io.pgdoorman.migrate.MigrationException;
import io.pgdoorman.migrate.PasswordPrompt;

import org.apache.commons.cli.Options;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code pg_doorman generate}. Threads: confined to main. */
final class GenerateCommand {
    private static final String HOST = "host";
    private static final String PORT = "port";
    private static final String USER = "user";
    private static final String PASSWORD = "password";
    private static final String DATABASE = "database";
    private static final String SSL = "ssl";
    private static final String POOL_SIZE = "pool-size";
    private static final String SESSION = "session-pool-mode";
    private static final String SERVER_HOST = "server-host";
    private static final String REFERENCE = "reference";
    private static final String RUSSIAN = "russian-comments";
    private static final String RU = "ru";

    private static final String USAGE =
            """
            Usage: pg_doorman generate [OPTIONS]

            Makes a configuration for a running PostgreSQL: its databases, its users with their
            stored secrets, and sizes that fit its max_connections.

                  --host HOST          Env: PGHOST. Default: localhost
              -p, --port PORT          Env: PGPORT. Default: 5432
              -u, --user USER          Must be able to read pg_authid. Env: PGUSER. Default: postgres
              -d, --database NAME      Where to log in. Env: PGDATABASE. Default: postgres
                  --ssl                Connect with TLS, its certificate unchecked, and write
                                       server_tls_mode = "require"
                  --pool-size N        pool_size of a user at most. Default: 40
              -s, --session-pool-mode  Pools in session mode. Default: transaction mode
                  --server-host HOST   What the pools connect to. Default: that of --host
              -o, --output FILE        Default: standard output
              -f, --format FORMAT      toml or yaml. Default: by the name of the output, else yaml
                  --no-comments        Write settings only
                  --reference          Write every setting with its default, in TOML; connects
                                       to nothing
              -h, --help               Print this text

            The password comes from PGPASSWORD, the file PGPASSFILE, ~/.pgpass, or the terminal.

            Exit codes: 0 done; 1 it failed, nothing is written; 2 wrong options.
            """;

    private final PrintWriter out;
    private final PrintWriter err;
    private final Map<String, String> environment;
    private final PasswordPrompt prompt;

    GenerateCommand(
            PrintWriter out,
            PrintWriter err,
            Map<String, String> environment,
            PasswordPrompt prompt) {
        this.out = out;
        this.err = err;
        this.environment = environment;
        this.prompt = prompt;
    }

    /** Returns the exit code. */
    int run(List<String> words) throws UsageException {
        var command = SubCommand.parse("generate", options(), words);
        if (command.has(SubCommand.HELP)) {
            out.print(USAGE);
            return ExitCode.OK;
        }
        if (command.has(PASSWORD)) {
            throw new UsageException(
                    "generate takes no --password, which other users of the host could see: set"
                            + " PGPASSWORD or write ~/.pgpass");
        }
        if (command.has(RUSSIAN) || command.has(RU)) {
            err.println("pg_doorman: generate: the comments are in English only");
        }
        try {
            command.write(text(command), out);
            return ExitCode.OK;
        } catch (MigrationException e) {
            err.println("pg_doorman: generate: " + e.getMessage());
            return ExitCode.FAILURE;
        }
    }

    private static Options options() {
        return SubCommand.options()
                .addOption(SubCommand.value(null, HOST))
                .addOption(SubCommand.value("p", PORT))
                .addOption(SubCommand.value("u", USER))
                .addOption(SubCommand.value(null, PASSWORD))
                .addOption(SubCommand.value("d", DATABASE))
                .addOption(null, SSL, false, null)
                .addOption(SubCommand.value(null, POOL_SIZE))
                .addOption("s", SESSION, false, null)
                .addOption(SubCommand.value(null, SERVER_HOST))
                .addOption(null, REFERENCE, false, null)
                .addOption(null, RUSSIAN, false, null)
                .addOption(null, RU, false, null);
    }

    private String text(SubCommand command) throws UsageException, MigrationException {
        if (command.has(REFERENCE)) {
            if (command.format(ConfigFormat.TOML) != ConfigFormat.TOML) {
                throw new UsageException("--reference writes TOML only");
            }
            return ConfigReference.exampleToml();
        }
        String host = setting(command, HOST, "PGHOST", "localhost");
        var options =
                new GenerateOptions(
                        host,
                        number(PORT, setting(command, PORT, "PGPORT", "5432"), 65_535),
                        setting(command, USER, "PGUSER", "postgres"),
                        setting(command, DATABASE, "PGDATABASE", "postgres"),
                        command.has(SSL),
                        number(POOL_SIZE, command.text(POOL_SIZE).orElse("40"), 1_000_000),
                        command.has(SESSION),
                        command.text(SERVER_HOST),
                        command.format(ConfigFormat.YAML),
                        !command.has(SubCommand.NO_COMMENTS));
        Optional<String> password =
                Optional.ofNullable(environment.get("PGPASSWORD")).filter(p -> !p.isEmpty());
        return Generate.run(options, password, prompt);
    }

    private String setting(SubCommand command, String option, String variable, String otherwise) {
        return command.text(option)
                .or(() -> Optional.ofNullable(environment.get(variable)))
                .filter(text -> !text.isEmpty())
                .orElse(otherwise);
    }

    private static int number(String option, String text, int max) throws UsageException {
        if (!text.matches("[0-9]{1,9}")
                || Integer.parseInt(text) < 1
                || Integer.parseInt(text) > max) {
            throw new UsageException(
                    "--%s must be a number from 1 to %d, is %s".formatted(option, max, text));
        }
        return Integer.parseInt(text);
    }
}
