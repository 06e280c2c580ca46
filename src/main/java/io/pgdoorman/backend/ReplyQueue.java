package io.pgdoorman.backend;

import java.nio.charset.StandardCharsets;

/**
 * What PostgreSQL still owes: one entry for each message sent that ends in a reply, oldest first.
 * It tells when a server has answered everything, which of its replies answer the pooler's own
 * queries, and where a pipeline goes on after an error.
 *
 * <p>It follows the backend's own rules:
 *
 * <ul>
 *   <li>After an ErrorResponse in the extended protocol the backend discards everything up to the
 *       next Sync, Query messages included.
 *   <li>While it reads a COPY it ignores Sync and Flush; CopyDone or CopyFail ends that, wherever
 *       the client had put them. CopyData outside of a COPY is ignored.
 *   <li>A Query ends with ReadyForQuery whatever happens in it.
 * </ul>
 *
 * <p>Allocation-free in steady state: one byte per entry in a ring. Threads: confined to the
 * server's event loop.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING">Pipelining</a>
 */
public final class ReplyQueue {
    static final byte PARSE = 'P';
    static final byte BIND = 'B';
    static final byte DESCRIBE = 'D';
    static final byte EXECUTE = 'E';
    static final byte CLOSE = 'C';
    static final byte SYNC = 'S';
    static final byte QUERY = 'Q';
    static final byte FUNCTION_CALL = 'F';

    /**
     * A Query, or a FunctionCall, within a batch that has no Sync yet. It leaves a backend that
     * fails at its next statement, Sync or not (PostgreSQL 18: "unexpected state STARTED"): no
     * other client may meet it.
     */
    static final byte QUERY_IN_BATCH = 'q';

    static final byte FUNCTION_CALL_IN_BATCH = 'f';

    /** The client's CopyDone or CopyFail that came before the CopyInResponse it belongs to. */
    static final byte COPY_END = 'c';

    /** A simple query of the pooler itself: none of its replies is the client's. */
    static final byte OWN = 'o';

    /** The client's Parse, sent under another name, or as it is without one. */
    static final byte MAPPED_PARSE = 'M';

    static final byte UNNAMED_PARSE = 'U';

    /** A Parse of the pooler itself ahead of a message of the client; only its error passes. */
    static final byte OWN_PARSE = 'i';

    /** A Close of the pooler itself. */
    static final byte OWN_CLOSE = 'x';

    /** The client's Bind of a DEALLOCATE, which takes the statement away on both sides. */
    static final byte DEALLOCATING_BIND = 'b';

    /** The client's Close, sent, of the statement without a name. */
    static final byte UNNAMED_CLOSE = 'u';

    // Messages of the client that were not sent: their replies are made up in their turn.

    static final byte SKIPPED_PARSE = 'p';
    static final byte SKIPPED_CLOSE = 'z';
    static final byte SKIPPED_DEALLOCATE = 'k';
    static final byte SKIPPED_DEALLOCATE_ALL = 'K';

    /** Hears what becomes of messages about statements. */
    interface Listener {
        /** The reply to this message came, or is made up now. */
        void onConfirmed(byte kind);

        /**
         * The oldest messages will not be answered.
         *
         * @param kinds oldest first; those that are not about statements too
         * @param firstFailed the first of them was answered by an error
         */
        void onUndone(byte[] kinds, boolean firstFailed);
    }

    /** For a queue of which nobody wants to know. */
    static final Listener DEAF =
            new Listener() {
                @Override
                public void onConfirmed(byte kind) {}

                @Override
                public void onUndone(byte[] kinds, boolean firstFailed) {}
            };

    private static final int SMALL = 16;

    private final Listener listener;
    private byte[] ring = new byte[SMALL];
    private int head;
    private int size;

    /** How many entries end in ReadyForQuery. */
    private int ends;

    private boolean copyIn;
    private boolean skipToSync;
    private boolean batchOpen;
    private boolean confused;

    /**
     * A Sync was taken to be read, and ignored, by the running COPY. If the COPY fails before it
     * reads that far the backend answers it after all, which cannot be seen from here.
     */
    private boolean syncInDoubt;

    ReplyQueue() {
        this(DEAF);
    }

    ReplyQueue(Listener listener) {
        this.listener = listener;
    }

    /** Nothing outstanding, no COPY running and no batch without its Sync. */
    public boolean isSettled() {
        return size == 0 && !batchOpen && !copyIn && !skipToSync;
    }

    /** True if no reply is outstanding; a batch may still wait for its Sync. */
    public boolean isEmpty() {
        return size == 0;
    }

    public int size() {
        return size;
    }

    /**
     * What is sent now is read in the transaction status that is known: nothing that may change it
     * comes before.
     */
    public boolean isStatusCertain() {
        return ends == 0;
    }

    /** Extended-protocol messages were sent and their Sync was not. */
    public boolean isBatchOpen() {
        return batchOpen;
    }

    /** The server waits for CopyData of the client. */
    public boolean isCopyIn() {
        return copyIn;
    }

    /** After an error the server ignores everything up to a Sync that was not sent yet. */
    public boolean isSkipping() {
        return skipToSync;
    }

    /**
     * The replies did not fit what was sent, so nobody can say where this server is in the
     * protocol: it must not reach another client.
     */
    public boolean isConfused() {
        return confused;
    }

    boolean headIsOwn() {
        return size > 0 && ring[head] == OWN;
    }

    /** The next reply is to be made up. */
    boolean headIsSkipped() {
        dropCopyEnds();
        return size > 0 && isSkipped(ring[head]);
    }

    private static boolean isSkipped(byte kind) {
        return switch (kind) {
            case SKIPPED_PARSE, SKIPPED_CLOSE, SKIPPED_DEALLOCATE, SKIPPED_DEALLOCATE_ALL -> true;
            default -> false;
        };
    }

    /** The next reply is that to a Parse of the client under another name. */
    public boolean isParseNext() {
        return size > 0 && ring[head] == MAPPED_PARSE;
    }

    /** Takes the next one, whose reply is made up, and says what it is. */
    byte takeSkipped() {
        byte kind = ring[head];
        pop();
        return kind;
    }

    // ---- what is sent ----------------------------------------------------------------------

    void sentQuery() {
        sentCommand(batchOpen ? QUERY_IN_BATCH : QUERY);
    }

    void sentFunctionCall() {
        sentCommand(batchOpen ? FUNCTION_CALL_IN_BATCH : FUNCTION_CALL);
    }

    private void sentCommand(byte kind) {
        if (!skipToSync) {
            push(kind);
        }
    }

    void sentOwn() {
        push(OWN);
    }

    /** Parse, Bind, Describe, Execute or Close. */
    void sentExtended(byte kind) {
        batchOpen = true;
        if (!skipToSync) {
            push(kind);
        }
    }

    /** The reply will be made up. */
    void skipped(byte kind) {
        if (kind == SKIPPED_PARSE || kind == SKIPPED_CLOSE) {
            batchOpen = true;
        }
        push(kind);
    }

    void sentSync() {
        if (copyIn) {
            syncInDoubt = true; // ignored: the client has to send another one after CopyDone
            return;
        }
        batchOpen = false;
        skipToSync = false;
        push(SYNC);
    }

    void sentCopyEnd() {
        if (copyIn) {
            copyIn = false;
        } else if (size > 0) {
            push(COPY_END);
        }
    }

    // ---- what is received ------------------------------------------------------------------

    /** ParseComplete, BindComplete, CloseComplete, and the end of a Describe. */
    void received(byte kind) {
        dropCopyEnds();
        if (size > 0 && answers(kind, ring[head])) {
            byte done = ring[head];
            pop();
            if (done != kind) {
                listener.onConfirmed(done);
            }
        } else if (!(kind == DESCRIBE && size > 0)) {
            // A RowDescription within a Query or before the rows of a FETCH is part of that reply.
            confused = true;
        }
    }

    private static boolean answers(byte reply, byte sent) {
        return reply == sent
                || switch (sent) {
                    case MAPPED_PARSE, UNNAMED_PARSE, OWN_PARSE -> reply == PARSE;
                    case OWN_CLOSE, UNNAMED_CLOSE -> reply == CLOSE;
                    case DEALLOCATING_BIND -> reply == BIND;
                    default -> false;
                };
    }

    /** Whether a reply of this kind answers a message of the pooler's own. */
    boolean isOwnReply(byte reply) {
        return size > 0 && (reply == PARSE ? ring[head] == OWN_PARSE : ring[head] == OWN_CLOSE);
    }

    /** CommandComplete, EmptyQueryResponse or PortalSuspended. */
    void receivedExecuteEnd() {
        dropCopyEnds();
        if (size > 0 && ring[head] == EXECUTE) {
            pop();
            copyIn = false;
            syncInDoubt = false;
        }
    }

    void receivedCopyIn() {
        dropCopyEnds();
        int i = 1;
        int syncs = 0;
        for (; i < size && at(i) != COPY_END; i++) {
            if (at(i) == SYNC) {
                syncs++;
            }
        }
        boolean ended = i < size;
        syncInDoubt |= syncs > 0;
        if (syncs == 0 && !ended) {
            copyIn = true;
            return;
        }
        int limit = ended ? i : size;
        int kept = 1;
        for (int j = 1; j < size; j++) {
            byte kind = at(j);
            boolean ignored = (j < limit && kind == SYNC) || (ended && j == i);
            if (ignored) {
                ends -= endsInReadyForQuery(kind) ? 1 : 0;
            } else {
                ring[(head + kept++) & (ring.length - 1)] = kind;
            }
        }
        size = kept;
        copyIn = !ended;
        if (syncs > 0 && !ended) {
            batchOpen = true; // the Sync that counts is still to come
        }
    }

    void receivedError() {
        confused |= syncInDoubt;
        copyIn = false;
        dropCopyEnds();
        if (size == 0) {
            if (batchOpen) {
                skipToSync = true;
            }
            return;
        }
        if (endsInReadyForQuery(ring[head]) && ring[head] != SYNC) {
            return; // ReadyForQuery follows
        }
        int dropped = 0;
        while (dropped < size && at(dropped) != SYNC) {
            dropped++;
        }
        boolean told = false;
        for (int i = 0; i < dropped && !told; i++) {
            told = isAboutStatements(at(i));
        }
        if (told) {
            byte[] kinds = new byte[dropped];
            for (int i = 0; i < dropped; i++) {
                kinds[i] = at(i);
            }
            drop(dropped);
            listener.onUndone(kinds, true);
        } else {
            drop(dropped);
        }
        if (size == 0) {
            skipToSync = true;
        }
    }

    private void drop(int count) {
        for (int i = 0; i < count; i++) {
            pop();
        }
    }

    /**
     * One batch without a Parse or Close is outstanding, and nothing else; it has a Describe, so
     * that the client hears of other columns.
     */
    boolean isSimpleBatch() {
        if (size < 2 || batchOpen || at(size - 1) != SYNC) {
            return false;
        }
        boolean described = false;
        for (int i = 0; i < size - 1; i++) {
            byte kind = at(i);
            if (kind != BIND && kind != DESCRIBE && kind != EXECUTE) {
                return false;
            }
            described |= kind == DESCRIBE;
        }
        return described;
    }

    /**
     * The only batch outstanding, a {@linkplain #isSimpleBatch simple} one, has failed, and is sent
     * again behind a Close and a Parse of the pooler's own. The end of the failed one is nobody's.
     */
    void retry() {
        byte[] kinds = freeze().entries();
        drop(size);
        push(OWN);
        push(OWN_CLOSE);
        push(OWN_PARSE);
        for (byte kind : kinds) {
            push(kind);
        }
    }

    static boolean isAboutStatements(byte kind) {
        return switch (kind) {
            case MAPPED_PARSE,
                    UNNAMED_PARSE,
                    OWN_PARSE,
                    OWN_CLOSE,
                    UNNAMED_CLOSE,
                    DEALLOCATING_BIND,
                    SKIPPED_PARSE,
                    SKIPPED_CLOSE,
                    SKIPPED_DEALLOCATE,
                    SKIPPED_DEALLOCATE_ALL ->
                    true;
            default -> false;
        };
    }

    /**
     * The backend says it could not read a message: which, and how it goes on, is anybody's guess.
     */
    void receivedViolation() {
        confused = true;
    }

    void receivedReadyForQuery() {
        copyIn = false;
        syncInDoubt = false;
        dropCopyEnds();
        if (size == 0) {
            confused = true;
            return;
        }
        byte first = ring[head];
        confused |=
                !endsInReadyForQuery(first)
                        || first == QUERY_IN_BATCH
                        || first == FUNCTION_CALL_IN_BATCH;
        pop();
        dropCopyEnds();
        if (size == 0 && ring.length > 1024) {
            ring = new byte[SMALL];
            head = 0;
        }
    }

    private static boolean endsInReadyForQuery(byte kind) {
        return switch (kind) {
            case SYNC, QUERY, QUERY_IN_BATCH, FUNCTION_CALL, FUNCTION_CALL_IN_BATCH, OWN -> true;
            default -> false;
        };
    }

    // ---- freeze ----------------------------------------------------------------------------

    /** The whole queue as data. */
    public record Frozen(
            byte[] entries,
            boolean copyIn,
            boolean skipToSync,
            boolean batchOpen,
            boolean confused,
            boolean syncInDoubt) {}

    public Frozen freeze() {
        byte[] entries = new byte[size];
        for (int i = 0; i < size; i++) {
            entries[i] = at(i);
        }
        return new Frozen(entries, copyIn, skipToSync, batchOpen, confused, syncInDoubt);
    }

    public static ReplyQueue thaw(Frozen frozen) {
        return thaw(frozen, DEAF);
    }

    static ReplyQueue thaw(Frozen frozen, Listener listener) {
        ReplyQueue queue = new ReplyQueue(listener);
        for (byte entry : frozen.entries()) {
            queue.push(entry);
        }
        queue.copyIn = frozen.copyIn();
        queue.skipToSync = frozen.skipToSync();
        queue.batchOpen = frozen.batchOpen();
        queue.confused = frozen.confused();
        queue.syncInDoubt = frozen.syncInDoubt();
        return queue;
    }

    // ---- ring ------------------------------------------------------------------------------

    private byte at(int index) {
        return ring[(head + index) & (ring.length - 1)];
    }

    private void push(byte kind) {
        if (size == ring.length) {
            byte[] larger = new byte[ring.length * 2];
            for (int i = 0; i < size; i++) {
                larger[i] = at(i);
            }
            ring = larger;
            head = 0;
        }
        ring[(head + size++) & (ring.length - 1)] = kind;
        ends += endsInReadyForQuery(kind) ? 1 : 0;
    }

    private void pop() {
        ends -= endsInReadyForQuery(ring[head]) ? 1 : 0;
        head = (head + 1) & (ring.length - 1);
        size--;
    }

    /** A CopyDone that met no COPY has no reply: the backend ignored it. */
    private void dropCopyEnds() {
        while (size > 0 && ring[head] == COPY_END) {
            pop();
        }
    }

    @Override
    public String toString() {
        return new String(freeze().entries(), StandardCharsets.US_ASCII)
                + (copyIn ? " copyIn" : "")
                + (skipToSync ? " skipToSync" : "")
                + (batchOpen ? " batchOpen" : "")
                + (confused ? " confused" : "");
    }
}
