package io.pgdoorman.lookup;

import io.pgdoorman.auth.StoredSecret;

import java.util.Optional;

/** Where users are looked up. Threads: any; may block. */
@FunctionalInterface
public interface UserSource {
    /**
     * The secret of a user; empty if there is no such user or it has no password.
     *
     * @throws LookupException the source does not answer, or not as it should
     */
    Optional<StoredSecret> fetch(String user) throws LookupException;
}
