package io.pgdoorman.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program started by a test: its output is collected, and it dies with the JVM even when that is
 * killed, because a watcher waits for the end of its standard input. Threads: any.
 */
public final class ChildProcess implements AutoCloseable {
    private static final Duration COMMAND_LIMIT = Duration.ofMinutes(2);

    /** {@code $0} is the signal sent when the JVM is gone, the rest is the command. */
    private static final String WATCHED =
            "exec 3<&0; ( ( read -r _ <&3; kill -\"$0\" $$ 2>/dev/null ) >/dev/null 2>&1 & );"
                    + " exec \"$@\" 3<&- </dev/null";

    private final Process process;

    /** Not a pipe: Java closes that when the process ends, though its own children still write. */
    private final Path output;

    private ChildProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** Starts {@code command}; standard output and standard error are collected together. */
    public static ChildProcess start(
            List<String> command, Map<String, String> environment, Path directory) {
        var watched = new ArrayList<>(List.of("/bin/sh", "-c", WATCHED, "KILL"));
        watched.addAll(command);
        var builder = new ProcessBuilder(watched).directory(directory.toFile());
        builder.environment().putAll(environment);
        builder.redirectErrorStream(true);
        try {
            Path output = Files.createTempFile("pg_doorman-test", ".log");
            builder.redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
            return new ChildProcess(builder.start(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs {@code command} to its end and returns its output; fails unless it exits with 0. */
    public static String run(List<String> command) {
        return run(command, Map.of());
    }

    /** As {@link #run(List)}, with additions to the environment. */
    public static String run(List<String> command, Map<String, String> environment) {
        try (var child = start(command, environment, Path.of("/"))) {
            int code = child.awaitExit(COMMAND_LIMIT);
            if (code != 0) {
                throw new IllegalStateException(
                        "%s exited with %d: %s".formatted(command, code, child.output()));
            }
            return child.output();
        }
    }

    static boolean succeeds(List<String> command) {
        try (var child = start(command, Map.of(), Path.of("/"))) {
            return child.awaitExit(COMMAND_LIMIT) == 0;
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** All output so far, of its own children too; empty once it is closed. */
    public String output() {
        try {
            return new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return ""; // closed
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends {@code signal}, such as {@code "TERM"}, to the process. */
    public void signal(String signal) {
        signal(pid(), signal);
    }

    /** Sends {@code signal} to the process with {@code pid}; a process that is gone is fine. */
    public static void signal(long pid, String signal) {
        try {
            new ProcessBuilder("/bin/sh", "-c", "kill -%s %d".formatted(signal, pid))
                    .redirectErrorStream(true)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Waits for the end and returns the exit code; 128 plus the number for a signal. */
    public int awaitExit(Duration limit) {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException(
                        "process %d still runs after %s; output: %s"
                                .formatted(pid(), limit, output()));
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Kills the process if it still runs and waits for its end. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
            process.getOutputStream().close();
            Files.deleteIfExists(output);
        } catch (IOException e) {
            // the pipe is gone with the process
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("interrupted", e);
    }
}
