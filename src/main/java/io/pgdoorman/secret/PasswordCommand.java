package io.pgdoorman.secret;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs a command of the shell for the first line it writes. Standard input is empty; of standard
 * error the first line goes into the exception if it fails, of standard output nothing. Blocks for
 * its time limit at most, then the command and what it started is killed. Threads: no state.
 */
final class PasswordCommand {
    /** More is read and thrown away. */
    private static final int MAX_KEPT_BYTES = 64 * 1024;

    private static final int MAX_SHOWN_CHARS = 200;

    private PasswordCommand() {}

    static String run(SecretOrigin.Command origin) throws SecretException {
        long deadline = System.nanoTime() + origin.timeout().toNanos();
        Process process = start(origin);
        try {
            CompletableFuture<byte[]> out = read(process.getInputStream());
            CompletableFuture<byte[]> errors = read(process.getErrorStream());
            int status = waitFor(process, deadline, origin);
            if (status != 0) {
                throw new SecretException(
                        "%s: ended with status %d%s"
                                .formatted(origin, status, shown(await(errors, deadline, origin))));
            }
            byte[] answer = await(out, deadline, origin);
            return SecretFiles.firstLine(
                    SecretFiles.text(answer, origin.toString()), origin.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SecretException(origin + ": was interrupted", e);
        } finally {
            kill(process);
        }
    }

    private static Process start(SecretOrigin.Command origin) throws SecretException {
        var builder = new ProcessBuilder("/bin/sh", "-c", origin.command());
        builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
        // It is no service of systemd's, though started by one.
        builder.environment().keySet().removeIf(name -> name.equals("NOTIFY_SOCKET"));
        builder.environment().keySet().removeIf(name -> name.startsWith("WATCHDOG_"));
        try {
            return builder.start();
        } catch (IOException e) {
            throw new SecretException(origin + ": could not be started: " + e.getMessage(), e);
        }
    }

    /** To the end, lest the command hangs in its writing; keeps the beginning. */
    private static CompletableFuture<byte[]> read(InputStream in) {
        var result = new CompletableFuture<byte[]>();
        Thread.ofVirtual()
                .name("password-command")
                .start(
                        () -> {
                            var kept = new ByteArrayOutputStream();
                            byte[] chunk = new byte[4096];
                            try (in) {
                                for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                                    kept.write(chunk, 0, Math.min(n, MAX_KEPT_BYTES - kept.size()));
                                }
                                result.complete(kept.toByteArray());
                            } catch (IOException e) {
                                result.completeExceptionally(new UncheckedIOException(e));
                            }
                        });
        return result;
    }

    private static int waitFor(Process process, long deadline, SecretOrigin.Command origin)
            throws SecretException, InterruptedException {
        if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            throw tookTooLong(origin);
        }
        return process.exitValue();
    }

    /** A child that lives on may hold the other end of the pipe. */
    private static byte[] await(
            CompletableFuture<byte[]> output, long deadline, SecretOrigin.Command origin)
            throws SecretException, InterruptedException {
        try {
            return output.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw tookTooLong(origin);
        } catch (ExecutionException e) {
            throw new SecretException(origin + ": what it wrote could not be read", e);
        }
    }

    private static SecretException tookTooLong(SecretOrigin.Command origin) {
        Duration limit = origin.timeout();
        return new SecretException(
                "%s: took longer than password_command_timeout (%d ms) and was killed"
                        .formatted(origin, limit.toMillis()));
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

    private static void kill(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
