package io.pgdoorman.config;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.util.Set;

/**
 * What a rule is matched against. Threads: immutable.
 *
 * @param local a Unix socket connection; then there is no peer
 * @param tls TLS is on
 * @param database as in the startup packet
 * @param user as in the startup packet
 * @param peer the client's address; null for a Unix socket
 * @param roles that the user is a member of, directly or not; empty if nobody has asked
 */
public record HbaRequest(
        boolean local,
        boolean tls,
        String database,
        String user,
        @Nullable InetAddress peer,
        Set<String> roles) {
    public HbaRequest {
        roles = Set.copyOf(roles);
    }

    /** Of a user whose roles are not known. */
    public HbaRequest(
            boolean local, boolean tls, String database, String user, @Nullable InetAddress peer) {
        this(local, tls, database, user, peer, Set.of());
    }

    public HbaRequest withRoles(Set<String> known) {
        return new HbaRequest(local, tls, database, user, peer, known);
    }
}
