package io.pgdoorman.stats;

import org.jspecify.annotations.Nullable;

/** What is timed per pool. The codes are part of the handover's format. */
public enum Timing {
    /** See {@link Counter#QUERY_NANOS}. */
    QUERY(1, Counter.QUERY_NANOS),

    /** See {@link Counter#TRANSACTION_NANOS}. */
    TRANSACTION(2, Counter.TRANSACTION_NANOS),

    /** See {@link Counter#WAIT_NANOS}; a client that got a server at once waited 0. */
    WAIT(3, Counter.WAIT_NANOS),

    /** See {@link Counter#SERVER_TLS_NANOS}. */
    SERVER_TLS(4, Counter.SERVER_TLS_NANOS);

    private final int code;
    private final Counter sum;

    Timing(int code, Counter sum) {
        this.code = code;
        this.sum = sum;
    }

    /** Of the handover's format. */
    public int code() {
        return code;
    }

    /** Null if this version does not know it. */
    public static @Nullable Timing of(int code) {
        return code >= 1 && code <= values().length ? values()[code - 1] : null;
    }

    /** From 0, without gaps. */
    int index() {
        return code - 1;
    }

    /** Counts the nanoseconds of all. */
    public Counter sum() {
        return sum;
    }
}
