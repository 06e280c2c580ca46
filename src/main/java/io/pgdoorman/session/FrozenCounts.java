package io.pgdoorman.session;

/**
 * What a client has done so far, as data. Threads: immutable.
 *
 * @param queries round trips
 * @param errors ErrorResponses it got
 * @param receivedBytes from the client
 * @param sentBytes to the client
 * @param transactionSinceNanos when the one that runs began, {@link System#nanoTime} of this
 *     process; 0 if none runs
 */
public record FrozenCounts(
        long queries,
        long transactions,
        long errors,
        long receivedBytes,
        long sentBytes,
        long transactionSinceNanos) {
    /** Of a client that has done nothing. */
    public static final FrozenCounts NONE = new FrozenCounts(0, 0, 0, 0, 0, 0);
}
