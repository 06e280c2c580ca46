package io.pgdoorman.cli;

import io.pgdoorman.config.Config;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.LoadResult;
import io.pgdoorman.demo.Demo;
import io.pgdoorman.demo.DemoException;
import io.pgdoorman.handover.Successor;
import io.pgdoorman.handover.SuccessorProgram;
import io.pgdoorman.log.LogFilter;
import io.pgdoorman.log.LogLevels;
import io.pgdoorman.log.LogSetup;
import io.pgdoorman.runtime.Pooler;
import io.pgdoorman.runtime.Rehearsal;
import io.pgdoorman.runtime.RunOptions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Does what the {@link Arguments} say. Threads: confined to main. */
final class Program {
    private static final Logger LOG = LoggerFactory.getLogger(Program.class);

    /** For tests, see {@link Rehearsal}. */
    private static final String REHEARSE = "PG_DOORMAN_TEST_THAW";

    /** SIGINT is a graceful shutdown also without a terminal. */
    private static final String SHUTDOWN_ONLY = "PG_DOORMAN_CI_SHUTDOWN_ONLY";

    /** Where the pid of the process that serves is kept, if it is no daemon. */
    private static final String PID_FILE = "PG_DOORMAN_PID_FILE";

    private static final String HELP =
            """
            Usage: pg_doorman [OPTIONS] [CONFIG_FILE] [COMMAND]

            Connection pooler for PostgreSQL.

              CONFIG_FILE              Configuration, TOML or YAML by its name.
                                       Env: CONFIG_FILE. Default: pg_doorman.toml
              -l, --log-level LEVEL    error, warn, info, debug or trace.
                                       Env: LOG_LEVEL. Default: info
              -F, --log-format FORMAT  text or structured (JSON lines).
                                       Env: LOG_FORMAT. Default: text
              -n, --no-color           No colours. Env: NO_COLOR, if not empty
              -d, --daemon             Detach from the terminal. Env: DAEMON, true or false
                  --takeover           Replace the running process, whoever started it
              -t, --test-config        Check the configuration and exit
                  --strict             With -t: warnings are errors
                  --hba USER@DATABASE  With -t: say which line of pg_hba decides about a client;
                                       exit code 1 if it is refused
                  --from ADDRESS       With --hba: where it comes from, 'local' for the Unix socket
                  --tls                With --hba: it uses TLS
              -h, --help               Print this text and exit
              -V, --version            Print the version and exit

            Commands:
              ctl COMMAND              Ask or tell the running process: see 'pg_doorman ctl help'
              demo                     Run a PostgreSQL of its own with the pooler in front of it
              generate                 Make a configuration for a running PostgreSQL: see
                                       'pg_doorman generate --help'
              hash                     Make the secret of a password: see 'pg_doorman hash --help'
              import                   Make a configuration from those of PgBouncer: see
                                       'pg_doorman import --help'
              help                     Print this text and exit

            Exit codes: 0 a clean stop, or the configuration is good; 1 a failure without a code of
            its own; 2 wrong options; 71 the operating system refused something; 78 the
            configuration is not good.
            """;

    private final PrintWriter out;
    private final PrintWriter err;
    private final Map<String, String> environment;

    Program(PrintWriter out, PrintWriter err, Map<String, String> environment) {
        this.out = out;
        this.err = err;
        this.environment = environment;
    }

    /** Returns the exit code. */
    int run(String... words) throws IOException, InterruptedException {
        try {
            Arguments arguments = Arguments.parse(words, environment);
            if (arguments.help() || arguments.command().filter("help"::equals).isPresent()) {
                out.print(HELP);
                return ExitCode.OK;
            }
            if (arguments.version()) {
                out.println("pg_doorman " + Version.text());
                return ExitCode.OK;
            }
            return switch (arguments.command().orElse("")) {
                case "ctl" -> new Ctl(out, err, environment).run(arguments);
                case "demo" -> demo(arguments);
                case "generate" ->
                        new GenerateCommand(out, err, environment, Terminal::askPassword)
                                .run(arguments.commandArguments());
                case "hash" ->
                        new HashCommand(System.in, out, err, Terminal::askPassword)
                                .run(arguments.commandArguments());
                case "import" -> new ImportCommand(out, err).run(arguments.commandArguments());
                default -> pooler(arguments, List.of(words));
            };
        } catch (UsageException e) {
            err.println("pg_doorman: " + e.getMessage());
            err.println("Try 'pg_doorman --help' for the options.");
            return ExitCode.USAGE;
        } finally {
            PrivateCopy.release();
            out.flush();
            err.flush();
        }
    }

    private int pooler(Arguments arguments, List<String> words) {
        if (arguments.testConfig()) {
            var check = new ConfigCheck(out, err);
            Path file = arguments.configFile();
            try (var _ = holdLog(arguments)) { // libraries have their say there
                return arguments.hba().isEmpty()
                        ? check.run(file, arguments.strict())
                        : check.ask(file, arguments.strict(), arguments.hba().get());
            }
        }
        try (var log = holdLog(arguments)) {
            return pooler(arguments, words, log);
        }
    }

    private int pooler(Arguments arguments, List<String> words, LogSetup log) {
        LoadResult loaded = ConfigLoader.load(arguments.configFile());
        if (loaded.config().isEmpty()) {
            new ConfigCheck(out, err).print(loaded);
            reportInvalid(loaded);
            return ExitCode.CONFIG;
        }
        Config config = loaded.config().get();
        if (arguments.daemon() && !Daemon.isDetached(environment)) {
            return new Daemon(err).start(launcher(), words);
        }
        Optional<Path> pidFile =
                arguments.daemon()
                        ? Optional.of(config.general().process().daemonPidFile())
                        : Optional.ofNullable(environment.get(PID_FILE)).map(Path::of);
        var upgrades = upgrades(arguments, words, config);
        if (!startLog(log, LogFilter.of(arguments.logLevel()), config.general().logging())) {
            return ExitCode.FAILURE;
        }
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, failure) ->
                        LOG.error("unexpected failure of {}", thread.getName(), failure));
        if (arguments.inheritFd()) {
            LOG.warn("--inherit-fd has no effect: an upgrade hands the sockets over by itself");
        }
        return Pooler.run(
                arguments.configFile(),
                loaded,
                runOptions(Optional.of(upgrades), pidFile, arguments.daemon(), log.levels()));
    }

    /** The process that has started this one to be its successor has to know. */
    private void reportInvalid(LoadResult loaded) {
        String knock = environment.getOrDefault(SuccessorProgram.SOCKET_VARIABLE, "");
        if (!knock.isEmpty()) {
            var text = new StringWriter();
            new ConfigCheck(out, new PrintWriter(text)).print(loaded);
            Successor.reportInvalid(
                    Path.of(knock), "exit code %d: %s".formatted(ExitCode.CONFIG, text).strip());
        }
    }

    /** Its path as it was called: what stands there may be another version by now. */
    private static Path launcher() {
        return Path.of(System.getProperty("pg_doorman.program", "pg_doorman"));
    }

    /** A successor is started as this process was. */
    private RunOptions.Upgrades upgrades(Arguments arguments, List<String> words, Config config) {
        Path control = ControlPath.of(config, environment);
        String knock = environment.getOrDefault(SuccessorProgram.SOCKET_VARIABLE, "");
        Optional<Path> from =
                knock.isEmpty()
                        ? Optional.of(control).filter(_ -> arguments.takeover())
                        : Optional.of(Path.of(knock));
        List<String> again =
                words.stream().filter(word -> !word.equals("--" + Arguments.TAKEOVER)).toList();
        return new RunOptions.Upgrades(
                new SuccessorProgram(launcher(), again),
                control,
                config.general().process().upgradeSocket().isPresent(),
                from);
    }

    private int demo(Arguments arguments) throws UsageException, IOException, InterruptedException {
        if (!arguments.commandArguments().isEmpty()) {
            throw new UsageException(
                    "unexpected argument of demo: " + arguments.commandArguments().getFirst());
        }
        String libraries = System.getProperty("pg_doorman.lib", "lib"); // set by the launcher
        Path installation = Path.of(libraries, "demo", "postgresql");
        try (var log = holdLog(arguments)) {
            log.toStandardError(LogFilter.of(arguments.logLevel()));
            return new Demo(installation, demoOptions(log.levels()), out).run();
        } catch (DemoException e) {
            err.println("pg_doorman: " + e.getMessage());
            return ExitCode.FAILURE;
        }
    }

    private static LogSetup holdLog(Arguments arguments) {
        boolean color = !arguments.noColor() && Terminal.isStandardError();
        return LogSetup.hold(arguments.logFormat(), color);
    }

    /** Whether the log goes where the configuration says. */
    private boolean startLog(LogSetup log, LogFilter filter, GeneralConfig.Logging logging) {
        if (logging.syslogProgName().isEmpty()) {
            log.toStandardError(filter);
            return true;
        }
        try {
            log.toSyslog(filter, logging.syslogProgName().get(), logging.syslogSocket());
            return true;
        } catch (IOException e) {
            err.println("fatal: cannot log to syslog: " + e.getMessage());
            err.println(
                    "hint: start a syslog daemon that listens there, name its socket in"
                            + " general.syslog_socket, or remove general.syslog_prog_name to log"
                            + " to standard error");
            return false;
        }
    }

    private RunOptions demoOptions(LogLevels logLevels) {
        RunOptions options = runOptions(Optional.empty(), Optional.empty(), false, logLevels);
        return options.withInterruptStops();
    }

    private RunOptions runOptions(
            Optional<RunOptions.Upgrades> upgrades,
            Optional<Path> pidFile,
            boolean daemon,
            LogLevels logLevels) {
        boolean interruptStops =
                Terminal.isStandardInput() || "1".equals(environment.get(SHUTDOWN_ONLY));
        return new RunOptions(
                Version.text(),
                RunOptions.THREADS,
                interruptStops,
                environment.get("NOTIFY_SOCKET"),
                watchdog(),
                Rehearsal.of(environment.getOrDefault(REHEARSE, "")),
                PrivateCopy::release,
                daemon ? Daemon::detachStandardError : () -> {},
                pidFile,
                logLevels,
                upgrades);
    }

    /** WATCHDOG_USEC, unless it is meant for another process. */
    private Duration watchdog() {
        String pid = environment.getOrDefault("WATCHDOG_PID", "");
        String micros = environment.getOrDefault("WATCHDOG_USEC", "");
        boolean own = pid.isEmpty() || pid.equals(Long.toString(ProcessHandle.current().pid()));
        return own && micros.matches("[0-9]{1,15}")
                ? Duration.of(Long.parseLong(micros), ChronoUnit.MICROS)
                : Duration.ZERO;
    }
}
