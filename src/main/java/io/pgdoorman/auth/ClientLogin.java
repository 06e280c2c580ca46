package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;

/**
 * Who wants to log in. Threads: immutable.
 *
 * @param user as in the startup packet
 * @param database as in the startup packet, or its default
 * @param peer the client's address as an error message shows it
 * @param tls TLS is on
 * @param certificate subject of the client's certificate, which was verified, in the form of RFC
 *     2253; empty if it showed none
 * @param endPoint what {@code tls-server-end-point} binds to: the hash of our certificate; empty if
 *     channels cannot be bound
 */
public record ClientLogin(
        String user,
        String database,
        String peer,
        boolean tls,
        String certificate,
        Bytes endPoint) {

    /** Without a certificate. */
    public ClientLogin(String user, String database, String peer, boolean tls) {
        this(user, database, peer, tls, "", Bytes.EMPTY);
    }

    /** The same client as another user. */
    public ClientLogin as(String name) {
        return new ClientLogin(name, database, peer, tls, certificate, endPoint);
    }
}
