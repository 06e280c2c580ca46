package io.pgdoorman.session;

import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.wire.FrameScanner;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;

/**
 * A client's session between two events, as data, together with the server it is linked to. Bytes
 * its channel has not written yet stay with the channel.
 *
 * <p>Threads: immutable by use; the arrays are not shared.
 *
 * @param server the linked server; null if none
 * @param parametersRequested the linked server is just being made to report {@code parameters}
 * @param stream position in what the client sends
 * @param nameExpected the next byte of the body is the first of a statement's name
 * @param scanState see {@link io.pgdoorman.backend.Server#scanStatement}
 * @param statements what the client has prepared
 * @param mapping prepared statements are brought to the linked server; meaningless without one
 * @param bonds see {@link SessionBonds}
 * @param sessionMode the server stays until the client leaves; meaningless without one
 * @param pending what was read and not relayed, while the client waits
 * @param place in the queue; null if the client does not wait
 * @param refusal why the current batch gets no server; null if it does
 * @param inputEnded the client sends no more, but reads
 * @param terminated its Terminate has come
 * @param settleDue the server came to rest while a message of the client was passing
 * @param counts what the client has done
 * @param farewell why the client is closed when it has got its last answer
 */
public record FrozenSession(
        ClientIdentity identity,
        @Nullable FrozenServer server,
        ParameterSet parameters,
        boolean parametersRequested,
        FrameScanner.Frozen stream,
        boolean nameExpected,
        long scanState,
        FrozenStatements statements,
        boolean mapping,
        int bonds,
        boolean sessionMode,
        byte[] pending,
        @Nullable Place place,
        @Nullable ErrorResponse refusal,
        boolean refusalTold,
        boolean inputEnded,
        boolean terminated,
        boolean shuttingDown,
        boolean settleDue,
        @Nullable ErrorResponse farewell,
        FrozenCounts counts,
        long connectedNanos) {
    /** Since when and until when the client waits, {@link System#nanoTime} of this process. */
    public record Place(long sinceNanos, long deadlineNanos) {}
}
