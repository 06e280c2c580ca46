package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.statement.ServerStatements;

import org.jspecify.annotations.Nullable;

/**
 * The bytes of the batch that was sent last, so that it can be sent again if PostgreSQL refuses its
 * statement for a changed table. They are the very buffer that was written, and they are kept only
 * until the first reply.
 *
 * <pre>
 *   begin ── written once ── flushed, the batch is whole ── take, or forget
 *     └───── anything else ──► forget
 * </pre>
 *
 * <p>Threads: confined to the server's loop. Buffers: owned until taken or forgotten.
 */
final class BatchCopy {
    private ServerStatements.@Nullable Entry entry;
    private @Nullable ByteBuf bytes;
    private boolean whole;

    /** What is written until the next flush is a batch that uses this statement first of all. */
    void begin(ServerStatements.Entry used) {
        forget();
        entry = used;
    }

    /** Borrows {@code composed}. */
    void onWritten(ByteBuf composed) {
        if (entry == null) {
            return;
        }
        if (bytes == null) {
            bytes = composed.retainedDuplicate();
        } else {
            forget();
        }
    }

    /** Whether a batch has begun that may be kept when it is flushed. */
    boolean isOpen() {
        return entry != null && !whole;
    }

    /**
     * The open batch is flushed.
     *
     * @param simple whether what is outstanding is one batch that may be run again
     * @return whether it is kept, since now
     */
    boolean onFlushed(boolean simple) {
        if (bytes == null || !simple) {
            forget();
        } else {
            whole = true;
        }
        return whole;
    }

    /** What the batch uses, if it is kept. */
    ServerStatements.@Nullable Entry entry() {
        return whole ? entry : null;
    }

    /** Gives the bytes to the caller, who releases them. */
    ByteBuf take() {
        ByteBuf taken = bytes;
        if (taken == null) {
            throw new IllegalStateException("no batch is kept");
        }
        bytes = null;
        forget();
        return taken;
    }

    void forget() {
        ByteBuf dropped = bytes;
        entry = null;
        bytes = null;
        whole = false;
        if (dropped != null) {
            dropped.release();
        }
    }
}
