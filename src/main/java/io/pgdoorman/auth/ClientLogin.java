package io.pgdoorman.auth;

/**
 * Who wants to log in. Threads: immutable.
 *
 * @param user as in the startup packet
 * @param database as in the startup packet, or its default
 * @param peer the client's address as an error message shows it
 * @param tls TLS is on
 * @param certificate subject of the client's certificate, which was verified, in the form of RFC
 *     2253; empty if it showed none
 * @param bindings what the login may be tied to
 */
public record ClientLogin(
        String user,
        String database,
        String peer,
        boolean tls,
        String certificate,
        ChannelBindings bindings) {

    /** Without a certificate. */
    public ClientLogin(String user, String database, String peer, boolean tls) {
        this(user, database, peer, tls, "", ChannelBindings.NONE);
    }

    /** The same client as another user. */
    public ClientLogin as(String name) {
        return new ClientLogin(name, database, peer, tls, certificate, bindings);
    }
}
