package io.pgdoorman.runtime;

import io.pgdoorman.handover.SuccessorProgram;
import io.pgdoorman.log.LogLevels;
import io.pgdoorman.log.LogSetup;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How the process was started, apart from its configuration.
 *
 * <p>Threads: immutable.
 *
 * @param threads how the names of its threads begin
 * @param interruptStops SIGINT is a graceful shutdown, and not a handover
 * @param notifySocket value of NOTIFY_SOCKET, where systemd listens
 * @param watchdog how often systemd wants to hear that the service lives; zero is never
 * @param rehearsal a test of the state's completeness
 * @param onLoaded run once, when everything is loaded that a start needs
 * @param onServing run once, when the process serves alone
 * @param pidFile names the process that serves; empty for none
 * @param logLevels what is logged
 * @param upgrades empty if this process cannot be replaced
 */
public record RunOptions(
        String version,
        String threads,
        boolean interruptStops,
        @Nullable String notifySocket,
        Duration watchdog,
        Rehearsal rehearsal,
        Runnable onLoaded,
        Runnable onServing,
        Optional<Path> pidFile,
        LogLevels logLevels,
        Optional<Upgrades> upgrades) {
    /** The usual names of threads. */
    public static final String THREADS = "pooler";

    /** Of what is only done in rehearsal: its log lines interest nobody. */
    public static final String REHEARSAL_THREADS = LogSetup.QUIET_THREADS;

    /** For a pooler within the process. */
    static RunOptions inner(String version, LogLevels logLevels) {
        return new RunOptions(
                version,
                REHEARSAL_THREADS,
                true,
                null,
                Duration.ZERO,
                Rehearsal.NONE,
                () -> {},
                () -> {},
                Optional.empty(),
                logLevels,
                Optional.empty());
    }

    /** The same, but SIGINT is a graceful shutdown. */
    public RunOptions withInterruptStops() {
        return new RunOptions(
                version,
                threads,
                true,
                notifySocket,
                watchdog,
                rehearsal,
                onLoaded,
                onServing,
                pidFile,
                logLevels,
                upgrades);
    }

    /**
     * How this process is replaced, and whom it replaces.
     *
     * @param program what is started
     * @param controlPath where successors and {@code ctl} come to
     * @param required the configuration names that path: the start fails without it
     * @param takeOverFrom control socket of the process to be replaced; empty for a new start
     */
    public record Upgrades(
            SuccessorProgram program,
            Path controlPath,
            boolean required,
            Optional<Path> takeOverFrom) {}
}
