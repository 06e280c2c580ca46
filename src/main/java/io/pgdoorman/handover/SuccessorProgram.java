package io.pgdoorman.handover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The program that stands at this one's path now. It reads the configuration first of all; if that
 * is wrong, it says so at the socket it was given ({@link Successor#reportInvalid}) and ends.
 *
 * <p>Threads: any; calls block.
 *
 * @param launcher path of the launcher, not resolved: it may be another version by now
 * @param arguments of this process
 */
public record SuccessorProgram(Path launcher, List<String> arguments) {
    /** Names the socket on which the predecessor waits. */
    public static final String SOCKET_VARIABLE = "PG_DOORMAN_HANDOVER_SOCKET";

    /** Of a predecessor's own environment; another process would answer to the wrong watchdog. */
    private static final String WATCHDOG_PID = "WATCHDOG_PID";

    /**
     * Starts the successor as a child of this process, with its standard streams.
     *
     * @param socket where this process waits for it
     */
    public Process start(Path socket) throws HandoverException {
        try {
            List<String> command = new ArrayList<>();
            command.add(launcher.toString());
            command.addAll(arguments);
            ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
            builder.environment().remove(WATCHDOG_PID);
            builder.environment().put(SOCKET_VARIABLE, socket.toString());
            return builder.start();
        } catch (IOException e) {
            throw new HandoverException("cannot start " + launcher + ": " + e.getMessage(), e);
        }
    }
}
