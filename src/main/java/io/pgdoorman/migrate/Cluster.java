package io.pgdoorman.migrate;

import io.pgdoorman.config.Secret;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a PostgreSQL says about itself. Threads: immutable.
 *
 * @param reserved connections of {@code maxConnections} that ordinary users do not get
 * @param databases those that take connections, no templates
 * @param roles those that may log in
 * @param secretsReadable whether the secrets of roles could be read
 * @param admitted by database the roles that have its CONNECT privilege
 */
record Cluster(
        String version,
        int maxConnections,
        int reserved,
        List<Database> databases,
        List<Role> roles,
        boolean secretsReadable,
        Map<String, Set<String>> admitted) {
    /**
     * @param limit most connections; negative is none
     */
    record Database(String name, int limit) {}

    /**
     * @param secret as stored; empty if there is none, or it could not be read
     * @param limit most connections; negative is none
     * @param expired whether its password is no longer valid
     */
    record Role(
            String name, Optional<Secret> secret, boolean superuser, int limit, boolean expired) {}

    Cluster {
        databases = List.copyOf(databases);
        roles = List.copyOf(roles);
        admitted = Map.copyOf(admitted);
    }
}
