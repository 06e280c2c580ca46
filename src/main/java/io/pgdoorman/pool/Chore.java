package io.pgdoorman.pool;

/**
 * What the pool does with a server that is neither idle nor a client's.
 *
 * <p>Threads: confined to the loop of its shard.
 */
final class Chore {
    /** Kinds of chores. */
    enum Kind {
        /** The replies a departed client did not wait for are read and dropped. */
        DRAINING,
        /** A transaction is rolled back, traces are removed. */
        CLEANING,
        /** An idle server is asked for a sign of life. */
        CHECKING,
        /** A cancel request is under way; it must not find the next client's query. */
        CANCELLING
    }

    final Kind kind;
    long deadlineNanos;
    long drainedBytes;
    boolean cancelled;

    Chore(Kind kind, long deadlineNanos) {
        this.kind = kind;
        this.deadlineNanos = deadlineNanos;
    }
}
