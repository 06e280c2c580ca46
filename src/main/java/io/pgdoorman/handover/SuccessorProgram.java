package io.pgdoorman.handover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The program that stands at this one's path now: checks the configuration with it, starts it.
 *
 * <p>Threads: any; calls block.
 *
 * @param launcher path of the launcher, not resolved: it may be another version by now
 * @param arguments of this process
 * @param configFile what {@code -t} has to check
 */
public record SuccessorProgram(Path launcher, List<String> arguments, Path configFile) {
    /** Names the socket on which the predecessor waits. */
    public static final String SOCKET_VARIABLE = "PG_DOORMAN_HANDOVER_SOCKET";

    /** Of a predecessor's own environment; another process would answer to the wrong watchdog. */
    private static final String WATCHDOG_PID = "WATCHDOG_PID";

    private static final int MAX_OUTPUT = 8_192;

    /**
     * Runs {@code -t}.
     *
     * @throws HandoverException if it cannot be run or finds a fault; the message has its words
     */
    public void validate(Duration limit) throws HandoverException {
        Path output = null;
        try {
            output = Files.createTempFile("pg_doorman-validate", ".txt");
            Process check =
                    builder(List.of("-t", configFile.toString()))
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start();
            if (!check.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                check.destroyForcibly();
                throw new HandoverException(
                        "%s -t %s did not end within %d s"
                                .formatted(launcher, configFile, limit.toSeconds()));
            }
            if (check.exitValue() != 0) {
                throw new HandoverException(
                        "%s -t %s ended with exit code %d: %s"
                                .formatted(launcher, configFile, check.exitValue(), head(output)));
            }
        } catch (IOException e) {
            throw new HandoverException("cannot run " + launcher + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HandoverException("interrupted while " + launcher + " -t ran", e);
        } finally {
            delete(output);
        }
    }

    /**
     * Starts the successor as a child of this process, with its standard streams.
     *
     * @param socket where this process waits for it
     */
    public Process start(Path socket) throws HandoverException {
        try {
            ProcessBuilder builder = builder(arguments).inheritIO();
            builder.environment().put(SOCKET_VARIABLE, socket.toString());
            return builder.start();
        } catch (IOException e) {
            throw new HandoverException("cannot start " + launcher + ": " + e.getMessage(), e);
        }
    }

    private ProcessBuilder builder(List<String> words) {
        List<String> command = new ArrayList<>();
        command.add(launcher.toString());
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().remove(WATCHDOG_PID);
        builder.environment().remove(SOCKET_VARIABLE);
        return builder;
    }

    private static String head(Path output) throws IOException {
        String text = Files.readString(output).strip();
        return text.length() <= MAX_OUTPUT ? text : text.substring(0, MAX_OUTPUT) + " ...";
    }

    private static void delete(@org.jspecify.annotations.Nullable Path file) {
        if (file == null) {
            return;
        }
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            file.toFile().deleteOnExit();
        }
    }
}
