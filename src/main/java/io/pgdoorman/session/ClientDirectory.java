package io.pgdoorman.session;

import io.pgdoorman.auth.Authority;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.pool.Pool;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Who may come in, and to which pool: the current configuration, as a login sees it. Any thread.
 */
public interface ClientDirectory {
    /**
     * A user of a database.
     *
     * @param secret what the client has to prove
     * @param passThrough servers log in with what the client proved
     */
    record Account(Pool pool, StoredSecret secret, boolean passThrough) {}

    /**
     * A user who was looked up. A pool is made for whoever proves to be it, not for whoever says
     * so: names are easily found, and each would cost memory and perhaps servers.
     *
     * @param pool its name, {@code user@database}
     * @param secret what the client has to prove
     * @param account to be asked for when it has; empty if a reload has taken the user away
     */
    record Candidate(String pool, StoredSecret secret, Supplier<Optional<Account>> account) {}

    /**
     * A user of the admin console.
     *
     * @param mayChange may use more than SHOW
     */
    record Operator(StoredSecret secret, boolean mayChange) {}

    HbaRules hba();

    /**
     * The verified host name of a client's address, for rules that have one; empty if it has none.
     * Completes soon in any case, on any thread.
     */
    default CompletableFuture<String> hostName(InetAddress address) {
        return CompletableFuture.completedFuture("");
    }

    /**
     * The roles that a user is a member of, directly or not, for rules about them; none where
     * nobody can be asked. The future completes on any thread, with a failure if it cannot be told.
     */
    default CompletableFuture<Set<String>> rolesOf(String database, String user) {
        return CompletableFuture.completedFuture(Set.of());
    }

    /** Whether the database has a pool, whoever may use it. */
    boolean hasDatabase(String database);

    /** A user that the configuration names. */
    Optional<Account> find(String database, String user);

    /**
     * Looks elsewhere for a user that the configuration does not name. The future completes on any
     * thread, with a failure if it cannot be told whether there is such a user.
     *
     * @param afresh what was found before has proved wrong
     * @return null if the database's users are all in the configuration
     */
    default @Nullable CompletableFuture<Optional<Candidate>> lookUp(
            String database, String user, boolean afresh) {
        return null;
    }

    /** How the login of a user who was looked up ended. */
    default void onLookedUp(String database, boolean admitted) {}

    /** Whom a rule's method asks; empty if it does without. */
    default Optional<Authority> authority(HbaRule rule) {
        return Optional.empty();
    }

    /**
     * Who tells by a token which user a client is that logs in by this name; empty if the name is
     * one like any other.
     */
    default Optional<Authority> tokenNames(String user) {
        return Optional.empty();
    }

    /** Who may use the admin console. */
    default Optional<Operator> operator(String user) {
        return Optional.empty();
    }
}
