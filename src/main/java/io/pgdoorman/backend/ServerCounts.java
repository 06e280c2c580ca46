package io.pgdoorman.backend;

/**
 * What a server has done since its login. Threads: immutable.
 *
 * @param queries round trips of clients
 * @param transactions of clients
 * @param sentBytes to PostgreSQL
 * @param receivedBytes from PostgreSQL
 * @param statementHits a client's statement was prepared already
 * @param statementMisses a client's statement had to be prepared
 */
public record ServerCounts(
        long queries,
        long transactions,
        long sentBytes,
        long receivedBytes,
        long statementHits,
        long statementMisses) {
    /** Of a new server. */
    public static final ServerCounts NONE = new ServerCounts(0, 0, 0, 0, 0, 0);
}
