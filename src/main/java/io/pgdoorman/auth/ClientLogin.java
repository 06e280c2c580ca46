package io.pgdoorman.auth;

/**
 * Who wants to log in. Threads: immutable.
 *
 * @param user as in the startup packet
 * @param database as in the startup packet, or its default
 * @param peer the client's address as an error message shows it
 * @param tls TLS is on
 */
public record ClientLogin(String user, String database, String peer, boolean tls) {}
