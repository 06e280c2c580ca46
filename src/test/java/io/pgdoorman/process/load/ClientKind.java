package io.pgdoorman.process.load;

import java.util.EnumMap;
import java.util.Map;

/** The kinds of clients, each with its pool and how many of it are in the usual mix. */
public enum ClientKind {
    /** Does nothing until the end. */
    SILENT(LoadPool.TRANSACTION_2, 6),
    SIMPLE(LoadPool.TRANSACTION_2, 6),
    EXTENDED(LoadPool.TRANSACTION_4, 6),
    PIPELINE(LoadPool.TRANSACTION_4, 4),
    /** Statements that outlive their transactions, on servers that keep few. */
    PREPARED(LoadPool.TRANSACTION_4, 6),
    /** Transactions with pauses. */
    TRANSACTION(LoadPool.TRANSACTION_12, 5),
    /** One transaction all the time. */
    LONG_TRANSACTION(LoadPool.LONG, 3),
    SLEEPING(LoadPool.TRANSACTION_12, 4),
    BIG_RESULT(LoadPool.TRANSACTION_12, 2),
    SLOW_READER(LoadPool.TRANSACTION_12, 3),
    COPY_OUT(LoadPool.TRANSACTION_12, 2),
    COPY_IN(LoadPool.TRANSACTION_12, 3),
    /** Messages in pieces. */
    PIECES(LoadPool.TRANSACTION_12, 4),
    /** Everything a session can hold. */
    SESSION(LoadPool.SESSION, 4),
    LISTENER(LoadPool.SESSION, 2),
    WAITING(LoadPool.WAITING, 8),
    /** A login for each query. */
    CHURN(LoadPool.TRANSACTION_2, 3),
    SCRAM_CHURN(LoadPool.SCRAM, 2),
    UNIX_SIMPLE(LoadPool.TRANSACTION_2, 3),
    UNIX_EXTENDED(LoadPool.TRANSACTION_4, 3),
    ERRORS(LoadPool.TRANSACTION_2, 3),
    CANCEL(LoadPool.CANCEL, 3),
    JDBC(LoadPool.JDBC, 4),
    LARGE_PARAMETER(LoadPool.TRANSACTION_4, 2);

    private final LoadPool pool;
    private final int usual;

    ClientKind(LoadPool pool, int usual) {
        this.pool = pool;
        this.usual = usual;
    }

    /** How many clients of each kind there usually are. */
    public static Map<ClientKind, Integer> usualMix() {
        var mix = new EnumMap<ClientKind, Integer>(ClientKind.class);
        for (ClientKind kind : values()) {
            mix.put(kind, kind.usual);
        }
        return mix;
    }

    /**
     * Only the kinds named, more of each, to look for what happens to few.
     *
     * @param names separated by commas; none stands for the usual mix
     */
    public static Map<ClientKind, Integer> mixOf(String names) {
        if (names.isEmpty()) {
            return usualMix();
        }
        var mix = new EnumMap<ClientKind, Integer>(ClientKind.class);
        for (String name : names.split(",", -1)) {
            ClientKind kind = valueOf(name);
            mix.put(kind, kind.usual * 8);
        }
        return mix;
    }

    LoadPool pool() {
        return pool;
    }

    /** Connections of one client at the same time. */
    int connections() {
        return this == LISTENER ? 2 : 1;
    }

    Scenario scenario(Seat seat) {
        return switch (this) {
            case SILENT -> new SilentClient(seat);
            case SIMPLE -> new SimpleQueries(seat);
            case EXTENDED -> new ExtendedQueries(seat);
            case PIPELINE -> new Pipeline(seat);
            case PREPARED -> new PreparedStatements(seat);
            case TRANSACTION -> new OpenTransactions(seat);
            case LONG_TRANSACTION -> new LongTransaction(seat);
            case SLEEPING -> new SleepingQueries(seat, 0.05, 0.5);
            case BIG_RESULT -> BigResult.readFast(seat);
            case SLOW_READER -> BigResult.readSlowly(seat);
            case COPY_OUT -> new CopyOut(seat);
            case COPY_IN -> new CopyIn(seat);
            case PIECES -> new Pieces(seat);
            case SESSION -> new SessionKeeper(seat);
            case LISTENER -> new Listener(seat);
            case WAITING -> new Waiting(seat);
            case CHURN, SCRAM_CHURN -> new Churn(seat);
            case UNIX_SIMPLE -> new SimpleQueries(seat, seat.unix());
            case UNIX_EXTENDED -> new ExtendedQueries(seat, seat.unix());
            case ERRORS -> new Errors(seat);
            case CANCEL -> new Cancels(seat);
            case JDBC -> new JdbcClient(seat);
            case LARGE_PARAMETER -> new LargeParameters(seat);
        };
    }
}
