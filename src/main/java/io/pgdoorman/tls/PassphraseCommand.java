package io.pgdoorman.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A shell command whose output is the passphrase of a private key, as PostgreSQL's {@code
 * ssl_passphrase_command}. What it writes to its standard error goes where the pooler's own goes.
 *
 * <p>Threads: immutable. {@link #run} blocks.
 *
 * @param limit how long it may take
 */
public record PassphraseCommand(String command, Duration limit) {
    /** Where it finds the path of the key. */
    private static final String KEY_FILE = "PG_DOORMAN_KEY_FILE";

    private static final int MAX_BYTES = 1_024;

    /**
     * @return its output without the end of the line, for the caller to overwrite
     */
    char[] run(Path key) throws GeneralSecurityException {
        var builder =
                new ProcessBuilder("/bin/sh", "-c", command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put(KEY_FILE, key.toString());
        Process process;
        try {
            process = builder.start();
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new GeneralSecurityException("the passphrase command cannot be started", e);
        }
        var output = new FutureTask<>(() -> read(process.getInputStream()));
        Thread.ofPlatform().daemon().name("pooler-passphrase").start(output);
        long end = System.nanoTime() + limit.toNanos();
        try {
            byte[] bytes = output.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            if (!process.waitFor(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                throw new TimeoutException();
            }
            return passphrase(process.exitValue(), bytes);
        } catch (TimeoutException e) {
            throw new GeneralSecurityException(
                    "the passphrase command did not end within %d seconds"
                            .formatted(limit.toSeconds()),
                    e);
        } catch (ExecutionException e) {
            throw new GeneralSecurityException("the passphrase command cannot be read", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new GeneralSecurityException("interrupted", e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static byte[] read(InputStream in) throws IOException {
        return in.readNBytes(MAX_BYTES + 1);
    }

    private static char[] passphrase(int exit, byte[] bytes) throws GeneralSecurityException {
        try {
            int length = bytes.length;
            if (exit != 0) {
                throw new GeneralSecurityException(
                        "the passphrase command ended with exit code " + exit);
            }
            if (length > MAX_BYTES) {
                throw new GeneralSecurityException(
                        "the passphrase command wrote more than %d bytes".formatted(MAX_BYTES));
            }
            while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r')) {
                length--;
            }
            if (length == 0) {
                throw new GeneralSecurityException("the passphrase command wrote nothing");
            }
            CharBuffer text =
                    StandardCharsets.UTF_8.decode(java.nio.ByteBuffer.wrap(bytes, 0, length));
            char[] passphrase = new char[text.remaining()];
            text.get(passphrase);
            Arrays.fill(text.array(), '\0');
            return passphrase;
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** The command may hold a secret. */
    @Override
    public String toString() {
        return "PassphraseCommand[***]";
    }
}
