package io.pgdoorman.session;

import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.wire.backend.ErrorResponse;

import org.jspecify.annotations.Nullable;

/**
 * A client's session between two events, as data, together with the server it is linked to. Bytes
 * its channel has not written yet stay with the channel.
 *
 * <p>Threads: immutable by use; the arrays are not shared.
 *
 * @param server the linked server; null if none
 * @param sessionMode the server stays until the client leaves; meaningless without one
 * @param pending what was read and not relayed, while the client waits
 * @param place in the queue; null if the client does not wait
 * @param inputEnded the client sends no more, but reads
 * @param terminated its Terminate has come
 * @param farewell why the client is closed when it has got its last answer
 * @param counts what the client has done
 */
public record FrozenSession(
        ClientIdentity identity,
        @Nullable FrozenServer server,
        FrozenConversation conversation,
        boolean sessionMode,
        byte[] pending,
        @Nullable Place place,
        boolean inputEnded,
        boolean terminated,
        boolean shuttingDown,
        @Nullable ErrorResponse farewell,
        FrozenCounts counts,
        long connectedNanos) {
    /** Since when and until when the client waits, {@link System#nanoTime} of this process. */
    public record Place(long sinceNanos, long deadlineNanos) {}
}
