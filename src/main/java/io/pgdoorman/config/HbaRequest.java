package io.pgdoorman.config;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;

/**
 * What a rule is matched against. Threads: immutable.
 *
 * @param local a Unix socket connection; then there is no peer
 * @param tls TLS is on
 * @param database as in the startup packet
 * @param user as in the startup packet
 * @param peer the client's address; null for a Unix socket
 */
public record HbaRequest(
        boolean local, boolean tls, String database, String user, @Nullable InetAddress peer) {}
