package io.pgdoorman.runtime;

import org.jspecify.annotations.Nullable;

/**
 * How the process was started, apart from its configuration.
 *
 * <p>Threads: immutable.
 *
 * @param terminal standard input is a terminal: SIGINT is a graceful shutdown
 * @param notifySocket value of NOTIFY_SOCKET, where systemd listens
 * @param rehearsal a test of the state's completeness
 */
public record RunOptions(
        String version, boolean terminal, @Nullable String notifySocket, Rehearsal rehearsal) {}
