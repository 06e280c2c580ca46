package io.pgdoorman.stats;

import org.jspecify.annotations.Nullable;

/** What is counted per pool, from zero, never back. The codes are part of the handover's format. */
public enum Counter {
    /** Transactions that ended; a query outside of a transaction block is one. */
    TRANSACTIONS(1),

    /** Round trips of clients: a Query, a FunctionCall, or a batch up to its Sync. */
    QUERIES(2),

    /** Bytes read from clients. */
    RECEIVED_BYTES(3),

    /** Bytes written to clients. */
    SENT_BYTES(4),

    /** Nanoseconds in which a server was in a client's transaction. */
    TRANSACTION_NANOS(5),

    /** Nanoseconds from the sending of a query to its ReadyForQuery. */
    QUERY_NANOS(6),

    /** Nanoseconds clients waited for a server. */
    WAIT_NANOS(7),

    /** ErrorResponses that clients got from PostgreSQL. */
    SERVER_ERRORS(8),

    /** Requests for a server that were refused: timeout, limits, PostgreSQL not reachable. */
    REFUSALS(9),

    /** Of both, SQLSTATE class 08. */
    ERRORS_08(10),

    ERRORS_53(11),

    ERRORS_57(12),

    /** In a failed transaction. */
    ERRORS_25P02(13),

    /** Prepared statement does not exist. */
    ERRORS_26000(14),

    ERRORS_OTHER(15),

    /** Times a client got a server. */
    ASSIGNMENTS(16),

    /** Parse messages of clients. */
    CLIENT_PARSES(17),

    /** Parse messages sent to servers, the pooler's own too. */
    SERVER_PARSES(18),

    /** Bind messages of clients. */
    BINDS(19),

    /** Times a server had the statement already. */
    STATEMENT_HITS(20),

    /** Times the statement had to be prepared. */
    STATEMENT_MISSES(21),

    /** Connection checks of clients (pooler_check_query) that PostgreSQL answered. */
    CHECKS_SERVER(22),

    /** The same, answered by the pooler. */
    CHECKS_POOLER(23),

    /** Server connections that were opened. */
    SERVER_LOGINS(24),

    /** Logins at servers that failed. */
    SERVER_LOGIN_FAILURES(25),

    /** TLS handshakes with servers that failed, or that a server refused though it must not. */
    SERVER_TLS_FAILURES(26),

    /** Nanoseconds of TLS handshakes with servers. */
    SERVER_TLS_NANOS(27);

    private final int code;

    Counter(int code) {
        this.code = code;
    }

    /** Of the handover's format. */
    public int code() {
        return code;
    }

    /** Null if this version does not know it. */
    public static @Nullable Counter of(int code) {
        return code >= 1 && code <= values().length ? values()[code - 1] : null;
    }

    /** From 0, without gaps. */
    int index() {
        return code - 1;
    }
}
