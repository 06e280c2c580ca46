package io.pgdoorman.runtime;

import io.pgdoorman.config.AuthQueryConfig;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.Secret;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.config.UserParameters;
import io.pgdoorman.lookup.LookedUpUser;
import io.pgdoorman.lookup.UserLookup;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Pools of users that the configuration does not name: made when one is admitted, closed when they
 * are of no use any more.
 *
 * <p>Threads: any; they are changed under the lock of this object, and found without it.
 */
final class LookedUpPools {
    /**
     * A pool.
     *
     * @param usedNanos when it was last known to have a client, or a handover brought it
     * @param startupParameters those of the user alone; the pool of the entry has them all
     */
    private record Made(
            PoolSet.Entry entry, AtomicLong usedNanos, Map<String, String> startupParameters) {
        Pool pool() {
            return entry.account().pool();
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(LookedUpPools.class);

    private final PoolFactory factory;
    private final Supplier<PoolSet> configured;
    private final LongSupplier nanoTime;
    private final Map<PoolSet.Key, Made> pools = new ConcurrentHashMap<>();

    /**
     * @param configured what is in effect at the moment of the call
     */
    LookedUpPools(PoolFactory factory, Supplier<PoolSet> configured, LongSupplier nanoTime) {
        this.factory = factory;
        this.configured = configured;
        this.nanoTime = nanoTime;
    }

    /** Makes them the configuration's: they are changed in place, or go. */
    synchronized void apply(boolean newSockets, List<String> changes, List<Pool> removed) {
        PoolSet snapshot = configured.get();
        for (Map.Entry<PoolSet.Key, Made> present : Map.copyOf(pools).entrySet()) {
            PoolSet.Key key = present.getKey();
            Made before = present.getValue();
            UserLookup lookup = snapshot.lookups().get(key.database());
            if (lookup == null
                    || snapshot.entries().containsKey(key)
                    || !lookup.serverUserOf(key.user()).equals(key.user())) {
                pools.remove(key);
                removed.add(before.pool());
                changes.add(before.pool().name() + ": removed");
                continue;
            }
            PoolConfig pool = snapshot.databases().get(key.database());
            Coordinator coordinator = snapshot.coordinators().get(key.database());
            if (pool != null && coordinator != null) {
                PoolSet.Entry entry =
                        factory.entry(
                                UserParameters.over(pool, before.startupParameters()),
                                user(pool, lookup.config(), key.user()),
                                coordinator,
                                before.entry(),
                                newSockets,
                                changes);
                pools.put(key, new Made(entry, before.usedNanos(), before.startupParameters()));
            }
        }
    }

    /** Of a role that is looked up; made if need be. */
    @Nullable Pool pool(PoolSet.Key key) {
        Made present = pools.get(key);
        if (present == null) {
            return create(key);
        }
        present.usedNanos().set(nanoTime.getAsLong());
        return present.pool().isClosed() ? create(key) : present.pool();
    }

    /** Its row has other startup parameters than before: servers are made anew. */
    Pool adapt(PoolSet.Key key, Map<String, String> startupParameters, Pool pool) {
        Made present = pools.get(key);
        return present == null || present.startupParameters().equals(startupParameters)
                ? pool
                : change(key, startupParameters, pool);
    }

    private synchronized Pool change(
            PoolSet.Key key, Map<String, String> startupParameters, Pool otherwise) {
        PoolSet snapshot = configured.get();
        Made before = pools.get(key);
        UserLookup lookup = snapshot.lookups().get(key.database());
        PoolConfig pool = snapshot.databases().get(key.database());
        Coordinator coordinator = snapshot.coordinators().get(key.database());
        if (before == null || lookup == null || pool == null || coordinator == null) {
            return otherwise;
        }
        List<String> changes = new ArrayList<>();
        PoolSet.Entry entry =
                factory.entry(
                        UserParameters.over(pool, startupParameters),
                        user(pool, lookup.config(), key.user()),
                        coordinator,
                        before.entry(),
                        false,
                        changes);
        pools.put(key, new Made(entry, before.usedNanos(), startupParameters));
        changes.forEach(change -> LOG.info("auth_query: {}", change));
        return entry.account().pool();
    }

    private synchronized @Nullable Pool create(PoolSet.Key key) {
        PoolSet snapshot = configured.get();
        Made present = pools.get(key);
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
                new Made(
                        new PoolSet.Entry(
                                factory.account(effective, user, coordinator), effective, user),
                        new AtomicLong(nanoTime.getAsLong()),
                        own);
        pools.put(key, made);
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
     * Closes pools of users that were looked up and are of no use any more. Servers that are kept
     * ready keep no pool: nobody comes for them.
     *
     * @param inUse pools that have clients
     */
    synchronized void collect(Set<Pool> inUse) {
        long present = nanoTime.getAsLong();
        List<String> gone = new ArrayList<>();
        pools.forEach(
                (key, entry) -> {
                    Pool pool = entry.pool();
                    if (inUse.contains(pool)) {
                        entry.usedNanos().set(present);
                    } else if (present - entry.usedNanos().get() > unusedNanos(key.database())
                            && pool.open() <= pool.settings().minSize()
                            && pool.waitingHint() == 0
                            && !pool.isPaused()
                            && !pool.isDisabled()) {
                        pools.remove(key);
                        pool.close();
                        gone.add(pool.name());
                        UserLookup lookup = configured.get().lookups().get(key.database());
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
        UserLookup lookup = configured.get().lookups().get(database);
        return lookup == null ? 0 : lookup.config().unusedPoolTimeout().toNanos();
    }

    boolean isEmpty() {
        return pools.isEmpty();
    }

    /** Of one database. */
    int count(String database) {
        return (int) pools.keySet().stream().filter(key -> key.database().equals(database)).count();
    }

    List<Pool> all() {
        return pools.values().stream().map(Made::pool).toList();
    }
}
