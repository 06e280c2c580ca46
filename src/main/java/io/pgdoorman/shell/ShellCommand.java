package io.pgdoorman.shell;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs a command of the shell for what it writes. Its standard input is empty; of its standard
 * error the first line is told if it fails, of its standard output nothing ever. Blocks for the
 * time limit at most, then the command and what it started is killed. Threads: no state.
 */
public final class ShellCommand {
    private static final int MAX_SHOWN_CHARS = 200;

    private ShellCommand() {}

    /**
     * Waits for the command's end.
     *
     * @param environment more than ours has
     * @param limit of the time
     * @param most bytes that are kept; what comes behind is read and thrown away
     * @return what it wrote, for the caller to overwrite
     */
    public static byte[] run(
            String command, Map<String, String> environment, Duration limit, int most)
            throws ShellException {
        long deadline = System.nanoTime() + limit.toNanos();
        Process process = start(command, environment);
        try {
            CompletableFuture<byte[]> out = read(process.getInputStream(), most);
            CompletableFuture<byte[]> errors = read(process.getErrorStream(), MAX_SHOWN_CHARS * 4);
            if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                throw tookTooLong(limit);
            }
            int status = process.exitValue();
            if (status != 0) {
                throw new ShellException(
                        "ended with status %d%s"
                                .formatted(status, shown(await(errors, deadline, limit))),
                        false);
            }
            return await(out, deadline, limit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ShellException("was interrupted", e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static Process start(String command, Map<String, String> environment)
            throws ShellException {
        var builder = new ProcessBuilder("/bin/sh", "-c", command);
        builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
        // It is no service of systemd's, though started by one.
        builder.environment()
                .keySet()
                .removeIf(name -> name.equals("NOTIFY_SOCKET") || name.startsWith("WATCHDOG_"));
        builder.environment().putAll(environment);
        try {
            return builder.start();
        } catch (IOException e) {
            throw new ShellException("could not be started: " + e.getMessage(), e);
        }
    }

    /** To the end, lest the command hangs in its writing; keeps the beginning. */
    private static CompletableFuture<byte[]> read(InputStream in, int most) {
        var result = new CompletableFuture<byte[]>();
        Thread.ofVirtual()
                .name("shell-command")
                .start(
                        () -> {
                            var kept = new ByteArrayOutputStream();
                            byte[] chunk = new byte[4096];
                            try (in) {
                                for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                                    kept.write(chunk, 0, Math.min(n, most - kept.size()));
                                }
                                result.complete(kept.toByteArray());
                            } catch (IOException e) {
                                result.completeExceptionally(new UncheckedIOException(e));
                            }
                        });
        return result;
    }

    /** A child that lives on may hold the other end of the pipe. */
    private static byte[] await(CompletableFuture<byte[]> output, long deadline, Duration limit)
            throws ShellException, InterruptedException {
        try {
            return output.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw tookTooLong(limit);
        } catch (ExecutionException e) {
            throw new ShellException("what it wrote could not be read", e);
        }
    }

    private static ShellException tookTooLong(Duration limit) {
        return new ShellException(
                "took longer than %d ms and was killed".formatted(limit.toMillis()), true);
    }

    private static String shown(byte[] errors) {
        String line =
                new String(errors, StandardCharsets.UTF_8)
                        .lines()
                        .filter(text -> !text.isBlank())
                        .findFirst()
                        .orElse("");
        String clean = line.strip().replaceAll("\\p{Cntrl}", "?");
        return clean.isEmpty()
                ? ""
                : ": " + clean.substring(0, Math.min(clean.length(), MAX_SHOWN_CHARS));
    }
}
