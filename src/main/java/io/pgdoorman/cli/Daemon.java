package io.pgdoorman.cli;

import io.pgdoorman.net.Posix;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code --daemon}: this process starts the one that serves, in a session of its own, shows what it
 * says until it serves, and ends with 0 then, or with its exit code. Threads: main only.
 */
final class Daemon {
    /** In the environment of the process that serves, and of its successors. */
    private static final String DETACHED = "PG_DOORMAN_DETACHED";

    /** $0 and the arguments are the command line. */
    private static final String DETACH =
            "umask 027; exec setsid \"$0\" \"$@\" </dev/null >/dev/null";

    private final PrintWriter err;

    Daemon(PrintWriter err) {
        this.err = err;
    }

    /** Whether this is the process that serves. */
    static boolean isDetached(Map<String, String> environment) {
        return environment.containsKey(DETACHED);
    }

    /**
     * Starts the process that serves, and waits until it does.
     *
     * @param words the arguments of this one
     * @return the exit code
     */
    int start(Path launcher, List<String> words) {
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", DETACH));
        command.add(launcher.toString());
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put(DETACHED, "1");
        builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
        builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
        try {
            Process process = builder.start();
            try (var lines =
                    new BufferedReader(
                            new InputStreamReader(
                                    process.getErrorStream(), StandardCharsets.UTF_8))) {
                // It ends when the process closes its standard error, or dies.
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    err.println(line);
                }
            }
            // One that dies closes its descriptors a moment before it can be waited for.
            return process.waitFor(200, java.util.concurrent.TimeUnit.MILLISECONDS)
                    ? process.exitValue()
                    : ExitCode.OK;
        } catch (IOException e) {
            err.println("Error daemonize: " + e.getMessage());
            return ExitCode.OS_ERROR;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.FAILURE;
        }
    }

    /** The process serves: who started it need not wait any more, and nobody reads its log. */
    static void detachStandardError() {
        try {
            Posix.redirect(Path.of("/dev/null"), 2);
        } catch (IOException e) {
            System.err.println("Error daemonize: " + e.getMessage());
        }
    }
}
