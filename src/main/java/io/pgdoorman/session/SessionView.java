package io.pgdoorman.session;

/**
 * What others may see of a session. Threads: immutable.
 *
 * @param state {@code idle}, {@code active} or {@code waiting}
 * @param waitsFor {@code idle}; {@code read} from PostgreSQL; {@code write} to a client that does
 *     not read
 * @param waitingSinceNanos 0 if it does not wait for a server
 * @param serverPid 0 if it has none
 * @param statements prepared ones with a name
 */
public record SessionView(
        String applicationName,
        String state,
        String waitsFor,
        FrozenCounts counts,
        long connectedNanos,
        long waitingSinceNanos,
        int serverPid,
        int statements) {}
