package io.pgdoorman.lookup;

import java.util.Optional;

/** Where users are looked up. Threads: any; may block. */
@FunctionalInterface
public interface UserSource {
    /**
     * A user; empty if there is no such user or it has no password.
     *
     * @throws LookupException the source does not answer, or not as it should
     */
    Optional<LookedUpUser> fetch(String user) throws LookupException;
}
