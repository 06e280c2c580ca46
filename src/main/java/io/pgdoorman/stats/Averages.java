package io.pgdoorman.stats;

/**
 * What a pool did in the last period, per second or on average. Threads: immutable.
 *
 * @param received bytes from clients per second
 * @param sent bytes to clients per second
 * @param transactionMicros duration of a transaction
 * @param queryMicros duration of a query
 * @param waitMicros wait for a server, of those that asked for one
 */
public record Averages(
        long transactions,
        long queries,
        long received,
        long sent,
        long errors,
        long transactionMicros,
        long queryMicros,
        long waitMicros,
        long assignments,
        long clientParses,
        long serverParses,
        long binds) {
    /** Of a pool that did nothing. */
    public static final Averages NONE = new Averages(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private static final long SECOND = 1_000_000_000;
    private static final long MICRO = 1_000;

    /**
     * Between two moments.
     *
     * @param nanos how long they are apart
     */
    static Averages between(Totals before, Totals after, long nanos) {
        var change = new Change(before, after, Math.max(1, nanos));
        return new Averages(
                change.perSecond(Counter.TRANSACTIONS),
                change.perSecond(Counter.QUERIES),
                change.perSecond(Counter.RECEIVED_BYTES),
                change.perSecond(Counter.SENT_BYTES),
                change.perSecond(after.errors() - before.errors()),
                change.mean(Timing.TRANSACTION),
                change.mean(Timing.QUERY),
                change.mean(Timing.WAIT),
                change.perSecond(Counter.ASSIGNMENTS),
                change.perSecond(Counter.CLIENT_PARSES),
                change.perSecond(Counter.SERVER_PARSES),
                change.perSecond(Counter.BINDS));
    }

    private record Change(Totals before, Totals after, long nanos) {
        long perSecond(Counter counter) {
            return perSecond(after.get(counter) - before.get(counter));
        }

        long perSecond(long amount) {
            return Math.round((double) amount * SECOND / nanos);
        }

        long mean(Timing timing) {
            long count = after.count(timing) - before.count(timing);
            long sum = after.get(timing.sum()) - before.get(timing.sum());
            return count <= 0 ? 0 : sum / count / MICRO;
        }
    }
}
