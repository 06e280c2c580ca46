package io.pgdoorman.admin;

/**
 * A client at one moment. Threads: immutable.
 *
 * @param state {@code idle}, {@code active} or {@code waiting}
 * @param waitsFor what it is waited for: {@code idle}, {@code read} (from PostgreSQL), {@code
 *     write} (a client that does not read)
 * @param ageNanos since its login
 * @param waitNanos of one that waits for a server
 * @param transactionNanos of one in a transaction
 * @param serverPid of the linked server; 0 if there is none
 * @param statements prepared ones
 * @param serverName the name it asked for with TLS (SNI); empty if none
 * @param peerName subject of the certificate it showed; empty if none
 * @param tlsVersion empty without TLS
 */
public record ClientRow(
        int id,
        String database,
        String user,
        String applicationName,
        String address,
        boolean encrypted,
        String state,
        String waitsFor,
        long transactions,
        long queries,
        long errors,
        long receivedBytes,
        long sentBytes,
        long ageNanos,
        long waitNanos,
        long transactionNanos,
        int serverPid,
        int statements,
        String serverName,
        String peerName,
        String tlsVersion) {}
