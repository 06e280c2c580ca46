package io.pgdoorman.backend;

import io.pgdoorman.statement.ServerStatements;

/**
 * A server between two events, as data: everything {@link Server#thaw} needs to go on with the same
 * connection. Bytes the channel has not written yet stay with the channel.
 *
 * <p>Threads: immutable by use; the arrays are not shared.
 *
 * @param protocol position in the protocol
 * @param messageCut the client's last message is not complete
 * @param statements what it has prepared
 * @param cancelsInFlight cancel requests PostgreSQL has not taken yet
 * @param idleSinceNanos {@link System#nanoTime} of this process
 * @param counts what it has done
 */
public record FrozenServer(
        ServerIdentity identity,
        ServerProtocol.Frozen protocol,
        boolean messageCut,
        ServerStatements.Frozen statements,
        int cancelsInFlight,
        long idleSinceNanos,
        ServerCounts counts) {}
