package io.pgdoorman.runtime;

import io.pgdoorman.admin.AuthQueryRow;
import io.pgdoorman.auth.Authority;
import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.config.AuthQueryConfig;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.Secret;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.config.UserParameters;
import io.pgdoorman.lookup.LookedUpUser;
import io.pgdoorman.lookup.LookupCounts;
import io.pgdoorman.lookup.UserLookup;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.ClientDirectory;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * All pools of the process, by database and user, and the rules of who may use them.
 *
 * <p>Threads: any thread asks, because what is asked is one immutable snapshot; the control thread
 * alone replaces it.
 */
final class Pools implements ClientDirectory {
    private record Key(String database, String user) {}

    private record Entry(Account account, PoolConfig pool, UserConfig user) {}

    private record Snapshot(
            HbaRules hba,
            GeneralConfig.Admin admin,
            Map<Key, Entry> entries,
            Map<String, PoolConfig> databases,
            Map<String, Coordinator> coordinators,
            Map<String, UserLookup> lookups,
            Authorities authorities) {}

    /**
     * A pool of a user that was looked up.
     *
     * @param usedNanos when a client came last, or a handover brought it
     * @param startupParameters those of the user alone; the pool of the entry has them all
     */
    private record Dynamic(
            Entry entry, AtomicLong usedNanos, Map<String, String> startupParameters) {
        Pool pool() {
            return entry.account().pool();
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Pools.class);

    private final PoolFactory factory;
    private volatile Snapshot now;

    /** Pools of users that were looked up. Changed under the lock of this object. */
    private final Map<Key, Dynamic> dynamic = new ConcurrentHashMap<>();

    private Pools(PoolFactory factory, Snapshot first) {
        this.factory = factory;
        this.now = first;
    }

    /** Builds the pools of a configuration; opens no connection. */
    static Pools of(Config config, PoolFactory factory) {
        var nothing =
                new Snapshot(
                        config.general().hba(),
                        config.general().admin(),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        factory.authorities());
        var pools = new Pools(factory, nothing);
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
    synchronized Outcome apply(Config config, boolean newSockets) {
        factory.authorities().use(config);
        Snapshot before = now;
        List<String> changes = new ArrayList<>();
        Map<String, Coordinator> coordinators = new HashMap<>();
        Map<Key, Entry> entries = new HashMap<>();
        for (PoolConfig pool : config.pools().values()) {
            Coordinator coordinator =
                    coordinator(pool, before.coordinators().get(pool.name()), changes);
            coordinators.put(pool.name(), coordinator);
            for (UserConfig user : pool.users()) {
                var key = new Key(pool.name(), user.username());
                entries.put(
                        key,
                        entry(
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
                new Snapshot(
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
        applyToDynamic(newSockets, changes, removed);
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

    /** Pools of users that were looked up are changed in place, too, or go. */
    private void applyToDynamic(boolean newSockets, List<String> changes, List<Pool> removed) {
        Snapshot snapshot = now;
        for (Map.Entry<Key, Dynamic> present : Map.copyOf(dynamic).entrySet()) {
            Key key = present.getKey();
            Dynamic before = present.getValue();
            UserLookup lookup = snapshot.lookups().get(key.database());
            if (lookup == null
                    || snapshot.entries().containsKey(key)
                    || !roleOf(lookup, key.user()).equals(key.user())) {
                dynamic.remove(key);
                removed.add(before.pool());
                changes.add(before.pool().name() + ": removed");
                continue;
            }
            PoolConfig pool = snapshot.databases().get(key.database());
            Coordinator coordinator = snapshot.coordinators().get(key.database());
            if (pool != null && coordinator != null) {
                Entry entry =
                        entry(
                                UserParameters.over(pool, before.startupParameters()),
                                user(pool, lookup.config(), key.user()),
                                coordinator,
                                before.entry(),
                                newSockets,
                                changes);
                dynamic.put(
                        key, new Dynamic(entry, before.usedNanos(), before.startupParameters()));
            }
        }
    }

    // ---- users that are looked up ---------------------------------------------------------------

    @Override
    public @Nullable CompletableFuture<Optional<Account>> lookUp(
            String database, String user, boolean afresh) {
        UserLookup lookup = now.lookups().get(database);
        return lookup == null
                ? null
                : lookup.find(user, afresh)
                        .thenApply(
                                answer -> answer.flatMap(found -> account(database, user, found)));
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
        UserLookup lookup = now.lookups().get(database);
        Pool pool = pool(database, user);
        if (lookup == null || pool == null) {
            return Optional.empty(); // a reload came in between
        }
        boolean ownPool = lookup.config().serverUser().isEmpty();
        if (ownPool) {
            pool = adapt(new Key(database, user), found.startupParameters(), pool);
        }
        return Optional.of(new Account(pool, found.secret(), ownPool));
    }

    /** Its row has other startup parameters than before: servers are made anew. */
    private Pool adapt(Key key, Map<String, String> startupParameters, Pool pool) {
        Dynamic present = dynamic.get(key);
        return present == null || present.startupParameters().equals(startupParameters)
                ? pool
                : change(key, startupParameters, pool);
    }

    private synchronized Pool change(
            Key key, Map<String, String> startupParameters, Pool otherwise) {
        Snapshot snapshot = now;
        Dynamic before = dynamic.get(key);
        UserLookup lookup = snapshot.lookups().get(key.database());
        PoolConfig pool = snapshot.databases().get(key.database());
        Coordinator coordinator = snapshot.coordinators().get(key.database());
        if (before == null || lookup == null || pool == null || coordinator == null) {
            return otherwise;
        }
        List<String> changes = new ArrayList<>();
        Entry entry =
                entry(
                        UserParameters.over(pool, startupParameters),
                        user(pool, lookup.config(), key.user()),
                        coordinator,
                        before.entry(),
                        false,
                        changes);
        dynamic.put(key, new Dynamic(entry, before.usedNanos(), startupParameters));
        changes.forEach(change -> LOG.info("auth_query: {}", change));
        return entry.account().pool();
    }

    /** Whose servers a user gets. */
    private static String roleOf(UserLookup lookup, String user) {
        return lookup.config().serverUser().orElse(user);
    }

    /**
     * The pool of a user, whom the configuration names or who was looked up, here or in the process
     * before this one; made if need be.
     */
    @Nullable Pool pool(String database, String user) {
        Snapshot snapshot = now;
        Entry named = snapshot.entries().get(new Key(database, user));
        UserLookup lookup = snapshot.lookups().get(database);
        if (named != null || lookup == null) {
            return named == null ? null : named.account().pool();
        }
        var key = new Key(database, roleOf(lookup, user));
        Entry shared = snapshot.entries().get(key);
        if (shared != null) {
            return shared.account().pool();
        }
        Dynamic present = dynamic.get(key);
        if (present == null) {
            return create(key);
        }
        present.usedNanos().set(System.nanoTime());
        return present.pool().isClosed() ? create(key) : present.pool();
    }

    private synchronized @Nullable Pool create(Key key) {
        Snapshot snapshot = now;
        Dynamic present = dynamic.get(key);
        if (present != null) {
            return present.pool();
        }
        UserLookup lookup = snapshot.lookups().get(key.database());
        PoolConfig pool = snapshot.databases().get(key.database());
        Coordinator coordinator = snapshot.coordinators().get(key.database());
        if (lookup == null || pool == null || coordinator == null) {
            return null;
        }
        UserConfig user = user(pool, lookup.config(), key.user());
        LookedUpUser known = lookup.cache().remembered(key.user());
        Map<String, String> own =
                known == null || lookup.config().serverUser().isPresent()
                        ? Map.of()
                        : known.startupParameters();
        PoolConfig effective = UserParameters.over(pool, own);
        var made =
                new Dynamic(
                        new Entry(factory.account(effective, user, coordinator), effective, user),
                        new AtomicLong(System.nanoTime()),
                        own);
        dynamic.put(key, made);
        lookup.counts().poolsCreated.increment();
        LOG.info("{}: pool made for a user of auth_query", made.pool().name());
        return made.pool();
    }

    /** As if the configuration named the role. What the client proves is passed on. */
    static UserConfig user(PoolConfig pool, AuthQueryConfig config, String role) {
        return new UserConfig(
                role,
                Secret.of(""),
                config.poolSize(),
                config.minPoolSize(),
                pool.poolMode(),
                pool.serverLifetime(),
                role,
                config.serverPassword(),
                config.serverPasswordFrom(),
                Optional.empty());
    }

    /**
     * Closes pools of users that were looked up and are of no use any more.
     *
     * @param inUse pools that have clients
     */
    synchronized void collect(Set<Pool> inUse) {
        long present = System.nanoTime();
        List<String> gone = new ArrayList<>();
        dynamic.forEach(
                (key, entry) -> {
                    Pool pool = entry.pool();
                    if (present - entry.usedNanos().get() > unusedNanos(key.database())
                            && pool.open() == 0
                            && !pool.isPaused()
                            && !pool.isDisabled()
                            && pool.settings().minSize() == 0
                            && !inUse.contains(pool)) {
                        dynamic.remove(key);
                        pool.close();
                        gone.add(pool.name());
                        UserLookup lookup = now.lookups().get(key.database());
                        if (lookup != null) {
                            lookup.counts().poolsRemoved.increment();
                        }
                    }
                });
        if (!gone.isEmpty()) {
            LOG.info("GC: removed {} idle dynamic pool(s): {}", gone.size(), gone);
        }
    }

    private long unusedNanos(String database) {
        UserLookup lookup = now.lookups().get(database);
        return lookup == null ? 0 : lookup.config().unusedPoolTimeout().toNanos();
    }

    boolean hasDynamic() {
        return !dynamic.isEmpty();
    }

    /** What look-ups came to, by database. */
    List<AuthQueryRow> authQuery() {
        Map<String, UserLookup> lookups = now.lookups();
        return lookups.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(
                        entry ->
                                new AuthQueryRow(
                                        entry.getKey(),
                                        entry.getValue().size(),
                                        (int)
                                                dynamic.keySet().stream()
                                                        .filter(
                                                                key ->
                                                                        key.database()
                                                                                .equals(
                                                                                        entry
                                                                                                .getKey()))
                                                        .count(),
                                        entry.getValue().counts()))
                .toList();
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

    private Entry entry(
            PoolConfig pool,
            UserConfig user,
            Coordinator coordinator,
            @Nullable Entry before,
            boolean newSockets,
            List<String> changes) {
        if (before == null) {
            Account account = factory.account(pool, user, coordinator);
            changes.add(account.pool().name() + ": added");
            return new Entry(account, pool, user);
        }
        if (!newSockets
                && before.user().equals(user)
                && before.account().secret().equals(factory.secret(user))
                && withoutUsers(before.pool()).equals(withoutUsers(pool))) {
            return new Entry(before.account(), pool, user);
        }
        PoolFactory.Update update =
                factory.update(before.account(), before.pool(), before.user(), pool, user);
        if (!update.changes().isEmpty()) {
            changes.add(
                    before.account().pool().name() + ": " + String.join(", ", update.changes()));
        }
        return new Entry(update.account(), pool, user);
    }

    private static PoolConfig withoutUsers(PoolConfig pool) {
        return pool.withUsers(List.of());
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
        return Optional.ofNullable(now.entries().get(new Key(database, user))).map(Entry::account);
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
        Snapshot snapshot = now;
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
        dynamic.values().forEach(entry -> pools.add(entry.pool()));
        return pools;
    }
}
