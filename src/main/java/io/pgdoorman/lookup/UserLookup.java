package io.pgdoorman.lookup;

import io.pgdoorman.config.AuthQueryConfig;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.secret.Secrets;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** The look-up of users for one database. Threads: any; never blocks. */
public final class UserLookup implements AutoCloseable {
    private final PoolConfig pool;
    private final AuthQueryConfig config;
    private final LookupDatabase database;
    private final UserCache cache;
    private final RoleCache roles;
    private final LookupCounts counts;

    /**
     * Opens nothing yet.
     *
     * @param counts go on where those of an earlier configuration ended
     */
    public UserLookup(
            PoolConfig pool, AuthQueryConfig config, LookupCounts counts, Secrets secrets) {
        this.pool = pool.withUsers(List.of());
        this.config = config;
        this.counts = counts;
        this.database = new LookupDatabase(pool, config, secrets);
        Executor threads = task -> Thread.ofVirtual().name("auth_query").start(task);
        this.cache =
                new UserCache(
                        pool.name(),
                        database,
                        new UserCache.Ages(
                                config.cacheTtl(), config.cacheFailureTtl(), config.minInterval()),
                        counts,
                        threads,
                        System::nanoTime);
        this.roles = new RoleCache(database::rolesOf, threads, System::nanoTime);
    }

    public AuthQueryConfig config() {
        return config;
    }

    /** Whose servers a user gets. */
    public String serverUserOf(String user) {
        return config.serverUser().orElse(user);
    }

    public LookupCounts counts() {
        return counts;
    }

    /** Whether it is as this configuration wants it; its static users do not matter. */
    public boolean isFor(PoolConfig other) {
        return pool.equals(other.withUsers(List.of()));
    }

    /** See {@link UserCache#find}. */
    public CompletableFuture<Optional<LookedUpUser>> find(String user, boolean afresh) {
        return cache.find(user, afresh);
    }

    /**
     * The roles that a user is a member of, directly or not, itself among them; remembered for some
     * seconds. Fails with a {@link LookupException} if it cannot be told.
     */
    public CompletableFuture<Set<String>> rolesOf(String user) {
        return roles.find(user);
    }

    /** What is remembered is asked for again; see {@link UserCache#expire}. */
    public void expire() {
        cache.expire();
        roles.forget();
    }

    /** What is remembered, which a successor takes over. */
    public UserCache cache() {
        return cache;
    }

    /**
     * Tells whether two look-ups, perhaps in two processes, ask the same question in the same
     * place: a digest of it.
     */
    public byte[] fingerprint() {
        String text =
                String.join(
                        "\0",
                        pool.serverHost(),
                        Integer.toString(pool.serverPort()),
                        config.database(),
                        config.user(),
                        config.query());
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    /** Names remembered. */
    public int size() {
        return cache.size();
    }

    /** Ends the connections; look-ups under way fail. */
    @Override
    public void close() {
        Thread.ofVirtual().name("auth_query-close").start(database::close);
    }
}
