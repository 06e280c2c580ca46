package io.pgdoorman.cli;

import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.LoadResult;
import io.pgdoorman.handover.ControlSocket;

import java.io.EOFException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code pg_doorman ctl}: one command to the running process. Threads: confined to main. */
final class Ctl {
    private static final Duration LIMIT = Duration.ofMinutes(6);

    private static final String HELP =
            """
            Usage: pg_doorman [CONFIG_FILE] ctl [--json] [--socket PATH] COMMAND

            Asks or tells the process that runs with this configuration, by its control socket
            (general.upgrade_socket). Only the same user may.

              status                What it is, whether it is being replaced, the last report
              upgrade               Replace it by the program that stands at its path now; waits
              upgrade --stage       Start the successor for new clients only; the others stay
              upgrade --commit      Move all clients to the staged successor; waits
              upgrade --rollback    Move the successor's clients back and end it; waits
              reload                Read the configuration again
              shutdown              End when the clients' transactions have ended, or after
                                    shutdown_timeout; with --wait the command ends with it
              log-level [FILTER]    What is logged, after it was changed to FILTER: a level, and
                                    MODULE=LEVEL by comma; "default" is the level of the start
              show WHAT             As SHOW of the admin console: pools, clients, servers, stats,
                                    config, ...; "show help" lists them and all commands
              pause, resume, reconnect, wait-close [DATABASE]
              disable, enable, kill DATABASE
              kill-client ID        As in the admin console
              help                  Print this text

              --json                Print the answer as JSON
              --socket PATH         The control socket; the configuration is not read then

            Exit codes: 0 done; 1 it failed or nobody answers; 2 wrong words; 78 the configuration
            is not good.
            """;

    private final PrintWriter out;
    private final PrintWriter err;
    private final Map<String, String> environment;

    Ctl(PrintWriter out, PrintWriter err, Map<String, String> environment) {
        this.out = out;
        this.err = err;
        this.environment = environment;
    }

    /** Returns the exit code. */
    int run(Arguments arguments) throws UsageException, InterruptedException {
        List<String> words = new ArrayList<>(arguments.commandArguments());
        boolean json = words.remove("--json");
        Path socket = null;
        int at = words.indexOf("--socket");
        if (at >= 0) {
            if (at + 1 == words.size()) {
                throw new UsageException("--socket needs a path");
            }
            socket = Path.of(words.remove(at + 1));
            words.remove(at);
        }
        if (words.isEmpty() || words.equals(List.of("help")) || words.equals(List.of("--help"))) {
            out.print(HELP);
            return words.isEmpty() ? ExitCode.USAGE : ExitCode.OK;
        }
        if (socket == null) {
            LoadResult loaded = ConfigLoader.load(arguments.configFile());
            if (loaded.config().isEmpty()) {
                new ConfigCheck(out, err).print(loaded);
                return ExitCode.CONFIG;
            }
            socket = ControlPath.of(loaded.config().get(), environment);
        }
        try {
            ControlSocket.Answer answer = ControlSocket.ask(socket, words, LIMIT);
            String text = json ? answer.json() : answer.text();
            (answer.ok() || json ? out : err).println(text);
            return answer.ok() ? ExitCode.OK : ExitCode.FAILURE;
        } catch (EOFException e) {
            boolean asked = words.equals(List.of("shutdown", "--wait"));
            (asked ? out : err).println(asked ? "ended" : "the process ended without an answer");
            return asked ? ExitCode.OK : ExitCode.FAILURE;
        } catch (IOException e) {
            err.printf(
                    "pg_doorman: nobody answers at %s (%s): does it run, as this user?%n",
                    socket, e.getMessage());
            return ExitCode.FAILURE;
        }
    }
}
