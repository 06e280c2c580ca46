package io.pgdoorman.admin;

import io.pgdoorman.backend.ServerCounts;

/**
 * A server at one moment. Threads: immutable.
 *
 * @param state {@code idle}, {@code active} or {@code login}; {@code used} while it is cleaned up
 * @param waitsFor {@code idle}, {@code read} or {@code write}
 * @param ageNanos since its login
 * @param activeNanos of the client's transaction it is in
 * @param clientId of the client that has it; 0 if nobody has
 * @param statements prepared on it
 */
public record ServerRow(
        long id,
        int pid,
        String database,
        String user,
        String applicationName,
        String address,
        boolean encrypted,
        String state,
        String waitsFor,
        ServerCounts counts,
        long ageNanos,
        long activeNanos,
        int clientId,
        int statements) {}
