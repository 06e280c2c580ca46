package io.pgdoorman.lookup;

import io.pgdoorman.auth.StoredSecret;

import java.util.Map;

/**
 * A user as the query of {@code auth_query} returned it. Threads: immutable.
 *
 * @param secret what its clients must prove
 * @param startupParameters its own, for servers of its own; under canonical names
 */
public record LookedUpUser(StoredSecret secret, Map<String, String> startupParameters) {
    public LookedUpUser {
        startupParameters = Map.copyOf(startupParameters);
    }
}
