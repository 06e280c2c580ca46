package io.pgdoorman.session;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.LoopStats;
import io.pgdoorman.stats.Timing;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.backend.ErrorFields;

import org.jspecify.annotations.Nullable;

/**
 * Counts and times what one client does, for itself and for its pool. Durations are those the
 * client sees: a query lasts from the moment its first message goes to a server until its
 * ReadyForQuery has come, each of a pipeline for itself.
 *
 * <p>Threads: confined to the client's loop. Allocates only for a pipeline longer than any before.
 */
final class ClientTally {
    private static final int FIRST_RING = 8;

    private final LoopStats pool;
    private long queries;
    private long transactions;
    private long errors;
    private long receivedBytes;
    private long sentBytes;

    /** When the transaction began, {@link System#nanoTime}; 0 if none runs. */
    private long transactionSince;

    /** When the batch whose Sync has not come yet began; 0 if there is none. */
    private long batchSince;

    /** When the last reply was complete; 0 if nothing came since the last transaction. */
    private long answeredAt;

    /** When the queries without an answer began, the oldest at {@link #head}. */
    private long @Nullable [] running;

    private int head;
    private int count;

    ClientTally(LoopStats pool) {
        this.pool = pool;
    }

    /** Bytes came from the client. */
    void received(int bytes) {
        receivedBytes += bytes;
        pool.add(Counter.RECEIVED_BYTES, bytes);
    }

    /** Bytes go to the client. */
    void sent(int bytes) {
        sentBytes += bytes;
        pool.add(Counter.SENT_BYTES, bytes);
    }

    /** It got a server at once. */
    void assigned() {
        assigned(0);
    }

    /** It got a server after so many nanoseconds. */
    void assigned(long waitNanos) {
        pool.count(Counter.ASSIGNMENTS);
        pool.time(Timing.WAIT, waitNanos);
    }

    /** It was refused a server. */
    void refused(String sqlState) {
        errors++;
        pool.refusal(sqlState);
    }

    /** A message is about to go to its server, or to be answered in its stead. */
    void message(byte type) {
        switch (type) {
            case FrontendType.QUERY, FrontendType.FUNCTION_CALL -> {
                long now = System.nanoTime();
                begin(now);
                push(now);
            }
            case FrontendType.SYNC -> {
                long since = batchSince;
                if (since == 0) {
                    since = System.nanoTime();
                    begin(since);
                }
                batchSince = 0;
                push(since);
            }
            case FrontendType.PARSE -> {
                pool.count(Counter.CLIENT_PARSES);
                beginBatch();
            }
            case FrontendType.BIND -> {
                pool.count(Counter.BINDS);
                beginBatch();
            }
            case FrontendType.DESCRIBE, FrontendType.EXECUTE, FrontendType.CLOSE -> beginBatch();
            default -> {} // COPY data, Flush
        }
    }

    private void beginBatch() {
        if (batchSince == 0) {
            batchSince = System.nanoTime();
            begin(batchSince);
        }
    }

    private void begin(long now) {
        if (transactionSince == 0) {
            transactionSince = now;
        }
    }

    /** A query was answered without a server. */
    void answeredHere() {
        queries++;
        pool.count(Counter.QUERIES);
    }

    /**
     * ReadyForQuery has come.
     *
     * @return how many nanoseconds the query took; 0 if that is not known
     */
    long answered() {
        long now = System.nanoTime();
        answeredAt = now;
        queries++;
        pool.count(Counter.QUERIES);
        long since = pop();
        long took = since == 0 ? 0 : now - since;
        pool.time(Timing.QUERY, took);
        return took;
    }

    /**
     * Its server has come to rest.
     *
     * @return whether that ended a transaction of the client
     */
    boolean settled() {
        long since = transactionSince;
        if (since == 0) {
            return false;
        }
        long now = answeredAt == 0 ? System.nanoTime() : answeredAt;
        transactions++;
        pool.count(Counter.TRANSACTIONS);
        pool.time(Timing.TRANSACTION, now - since);
        idle();
        return true;
    }

    /** Its server is gone. */
    void idle() {
        transactionSince = 0;
        batchSince = 0;
        answeredAt = 0;
        count = 0;
    }

    /**
     * An ErrorResponse of PostgreSQL goes to the client. Borrows {@code in}.
     *
     * @param index of the body
     */
    void error(ByteBuf in, int index, int bodyLength) {
        errors++;
        int state = ErrorFields.indexOf(in, index, bodyLength, ErrorFields.SQLSTATE);
        boolean whole = state >= 0 && in.indexOf(state, index + bodyLength, (byte) 0) == state + 5;
        pool.error(in, whole ? state : -1);
    }

    private void push(long since) {
        long[] ring = running;
        if (ring == null || count == ring.length) {
            ring = longer(ring);
            running = ring;
        }
        ring[(head + count++) & (ring.length - 1)] = since;
    }

    private long[] longer(long @Nullable [] ring) {
        if (ring == null) {
            return new long[FIRST_RING];
        }
        long[] longer = new long[ring.length * 2];
        for (int i = 0; i < count; i++) {
            longer[i] = ring[(head + i) & (ring.length - 1)];
        }
        head = 0;
        return longer;
    }

    /** 0 if it is not known. */
    private long pop() {
        long[] ring = running;
        if (ring == null || count == 0) {
            return transactionSince; // begun in another process
        }
        long since = ring[head];
        head = (head + 1) & (ring.length - 1);
        count--;
        return since;
    }

    // ---- what others read -----------------------------------------------------------------------

    /** Grows with everything it does. */
    long activity() {
        return queries + transactions;
    }

    /** When its transaction began, {@link System#nanoTime}; 0 if it is in none. */
    long transactionSince() {
        return transactionSince;
    }

    FrozenCounts freeze() {
        return new FrozenCounts(
                queries, transactions, errors, receivedBytes, sentBytes, transactionSince);
    }

    void restore(FrozenCounts frozen) {
        queries = frozen.queries();
        transactions = frozen.transactions();
        errors = frozen.errors();
        receivedBytes = frozen.receivedBytes();
        sentBytes = frozen.sentBytes();
        transactionSince = frozen.transactionSinceNanos();
    }
}
