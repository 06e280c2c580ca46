package io.pgdoorman.runtime;

import io.pgdoorman.admin.AuthQueryRow;
import io.pgdoorman.auth.Authority;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.lookup.LookedUpUser;
import io.pgdoorman.lookup.LookupCounts;
import io.pgdoorman.lookup.UserLookup;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.ClientDirectory;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * All pools of the process, by database and user, and the rules of who may use them.
 *
 * <p>Threads: any thread asks, because what is asked is one immutable snapshot; the control thread
 * alone replaces it.
 */
final class Pools implements ClientDirectory {
    private final PoolFactory factory;
    private final LookedUpPools lookedUp;
    private volatile PoolSet now;

    private Pools(PoolFactory factory, PoolSet first, LongSupplier nanoTime) {
        this.factory = factory;
        this.now = first;
        this.lookedUp = new LookedUpPools(factory, () -> now, nanoTime);
    }

    /** Builds the pools of a configuration; opens no connection. */
    static Pools of(Config config, PoolFactory factory, LongSupplier nanoTime) {
        var nothing =
                new PoolSet(
                        config.general().hba(),
                        config.general().admin(),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        factory.authorities());
        var pools = new Pools(factory, nothing, nanoTime);
        pools.apply(config, false);
        return pools;
    }

    /**
     * What {@link #apply} did.
     *
     * @param changes one line for each pool that is not as it was
     * @param removed pools whose clients have to go
     */
    record Outcome(List<String> changes, List<Pool> removed) {}

    /**
     * Makes this the configuration's: pools that stay are told what is new to them, others are
     * built or closed. Control thread only.
     *
     * @param newSockets how servers are connected has changed for all pools
     */
    Outcome apply(Config config, boolean newSockets) {
        factory.authorities().use(config);
        PoolSet before = now;
        List<String> changes = new ArrayList<>();
        Map<String, Coordinator> coordinators = new HashMap<>();
        Map<PoolSet.Key, PoolSet.Entry> entries = new HashMap<>();
        for (PoolConfig pool : config.pools().values()) {
            Coordinator coordinator =
                    coordinator(pool, before.coordinators().get(pool.name()), changes);
            coordinators.put(pool.name(), coordinator);
            for (UserConfig user : pool.users()) {
                var key = new PoolSet.Key(pool.name(), user.username());
                entries.put(
                        key,
                        factory.entry(
                                pool,
                                user,
                                coordinator,
                                before.entries().get(key),
                                newSockets,
                                changes));
            }
        }
        Map<String, UserLookup> lookups = lookups(config, before.lookups());
        now =
                new PoolSet(
                        config.general().hba(),
                        config.general().admin(),
                        Map.copyOf(entries),
                        config.pools(),
                        coordinators,
                        lookups,
                        factory.authorities());
        List<Pool> removed = new ArrayList<>();
        before.entries()
                .forEach(
                        (key, entry) -> {
                            if (!entries.containsKey(key)) {
                                removed.add(entry.account().pool());
                                changes.add(entry.account().pool().name() + ": removed");
                            }
                        });
        lookedUp.apply(newSockets, changes, removed);
        return new Outcome(changes, removed);
    }

    private Map<String, UserLookup> lookups(Config config, Map<String, UserLookup> before) {
        Map<String, UserLookup> lookups = new HashMap<>();
        for (PoolConfig pool : config.pools().values()) {
            pool.authQuery()
                    .ifPresent(
                            wanted -> {
                                UserLookup present = before.get(pool.name());
                                if (present != null && present.isFor(pool)) {
                                    lookups.put(pool.name(), present);
                                } else {
                                    LookupCounts counts =
                                            present == null ? new LookupCounts() : present.counts();
                                    lookups.put(
                                            pool.name(),
                                            new UserLookup(
                                                    pool, wanted, counts, factory.secrets()));
                                }
                            });
        }
        before.forEach(
                (name, lookup) -> {
                    if (!lookup.equals(lookups.get(name))) {
                        lookup.close();
                    }
                });
        return Map.copyOf(lookups);
    }

    // ---- users that are looked up ---------------------------------------------------------------

    @Override
    public @Nullable CompletableFuture<Optional<Candidate>> lookUp(
            String database, String user, boolean afresh) {
        UserLookup lookup = now.lookups().get(database);
        return lookup == null
                ? null
                : lookup.find(user, afresh)
                        .thenApply(
                                answer ->
                                        answer.map(
                                                found ->
                                                        new Candidate(
                                                                lookup.serverUserOf(user)
                                                                        + "@"
                                                                        + database,
                                                                found.secret(),
                                                                () ->
                                                                        account(
                                                                                database, user,
                                                                                found))));
    }

    @Override
    public CompletableFuture<Set<String>> rolesOf(String database, String user) {
        UserLookup lookup = now.lookups().get(database);
        return lookup == null ? CompletableFuture.completedFuture(Set.of()) : lookup.rolesOf(user);
    }

    @Override
    public void onLookedUp(String database, boolean admitted) {
        UserLookup lookup = now.lookups().get(database);
        if (lookup != null) {
            LookupCounts counts = lookup.counts();
            (admitted ? counts.logins : counts.failedLogins).increment();
        }
    }

    private Optional<Account> account(String database, String user, LookedUpUser found) {
        PoolSet snapshot = now;
        var key = new PoolSet.Key(database, user);
        UserLookup lookup = snapshot.lookups().get(database);
        if (lookup == null || snapshot.entries().containsKey(key)) {
            return Optional.empty(); // a reload came in between
        }
        Pool pool = pool(database, user);
        if (pool == null) {
            return Optional.empty(); // as above
        }
        boolean ownPool = lookup.config().serverUser().isEmpty();
        if (ownPool) {
            pool = lookedUp.adapt(key, found.startupParameters(), pool);
        }
        return Optional.of(new Account(pool, found.secret(), ownPool));
    }

    /**
     * The pool of a user, whom the configuration names or who was looked up, here or in the process
     * before this one; made if need be.
     */
    @Nullable Pool pool(String database, String user) {
        PoolSet snapshot = now;
        PoolSet.Entry named = snapshot.entries().get(new PoolSet.Key(database, user));
        UserLookup lookup = snapshot.lookups().get(database);
        if (named != null || lookup == null) {
            return named == null ? null : named.account().pool();
        }
        var key = new PoolSet.Key(database, lookup.serverUserOf(user));
        PoolSet.Entry shared = snapshot.entries().get(key);
        return shared != null ? shared.account().pool() : lookedUp.pool(key);
    }

    LookedUpPools lookedUp() {
        return lookedUp;
    }

    /** What look-ups came to, by database. */
    List<AuthQueryRow> authQuery() {
        List<AuthQueryRow> rows = new ArrayList<>();
        now.lookups()
                .forEach(
                        (database, lookup) ->
                                rows.add(
                                        new AuthQueryRow(
                                                database,
                                                lookup.size(),
                                                lookedUp.count(database),
                                                lookup.counts())));
        rows.sort(Comparator.comparing(AuthQueryRow::database));
        return rows;
    }

    private static Coordinator coordinator(
            PoolConfig pool, @Nullable Coordinator present, List<String> changes) {
        PoolConfig.Coordinator limits = pool.coordinator();
        Coordinator coordinator = present == null ? Coordinator.unlimited() : present;
        int max = limits.enabled() ? limits.maxDbConnections() : 0;
        boolean same =
                limits.enabled()
                        ? coordinator.max() == max
                                && coordinator.reserve() == limits.reservePoolSize()
                        : !coordinator.isEnabled();
        if (!same) {
            if (limits.enabled()) {
                coordinator.update(max, limits.reservePoolSize());
            } else {
                coordinator.lift();
            }
            if (present != null) {
                changes.add(
                        "database %s: max_db_connections is %s"
                                .formatted(pool.name(), limits.enabled() ? max : "off"));
            }
        }
        return coordinator;
    }

    @Override
    public HbaRules hba() {
        return now.hba();
    }

    @Override
    public CompletableFuture<String> hostName(InetAddress address) {
        return now.authorities().hostName(address);
    }

    @Override
    public boolean hasDatabase(String database) {
        return now.databases().containsKey(database);
    }

    @Override
    public Optional<Account> find(String database, String user) {
        return Optional.ofNullable(now.entries().get(new PoolSet.Key(database, user)))
                .map(PoolSet.Entry::account);
    }

    @Override
    public Optional<Authority> authority(HbaRule rule) {
        return now.authorities().of(rule);
    }

    @Override
    public Optional<Authority> tokenNames(String user) {
        return now.authorities().tokenNames(user);
    }

    @Override
    public Optional<Operator> operator(String user) {
        PoolSet snapshot = now;
        GeneralConfig.Admin admin = snapshot.admin();
        if (admin.username().equals(user) && !admin.password().isEmpty()) {
            return Optional.of(new Operator(StoredSecret.parse(admin.password().reveal()), true));
        }
        boolean mayChange = admin.adminUsers().contains(user);
        if (!mayChange && !admin.statsUsers().contains(user)) {
            return Optional.empty();
        }
        return snapshot.entries().entrySet().stream()
                .filter(entry -> entry.getKey().user().equals(user))
                .min(Comparator.comparing(entry -> entry.getKey().database()))
                .map(entry -> new Operator(entry.getValue().account().secret(), mayChange));
    }

    Map<String, Coordinator> coordinators() {
        return now.coordinators();
    }

    Map<String, UserLookup> lookups() {
        return now.lookups();
    }

    List<Pool> all() {
        List<Pool> pools = new ArrayList<>();
        now.entries().values().forEach(entry -> pools.add(entry.account().pool()));
        pools.addAll(lookedUp.all());
        return pools;
    }
}
