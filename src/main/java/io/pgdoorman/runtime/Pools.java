package io.pgdoorman.runtime;

import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.config.Config;
import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.net.HostNames;
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
import java.util.concurrent.CompletableFuture;

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
            Map<String, Coordinator> coordinators) {}

    private final PoolFactory factory;
    private final HostNames hostNames = new HostNames();
    private volatile Snapshot now;

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
                        Map.of());
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
    Outcome apply(Config config, boolean newSockets) {
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
        now =
                new Snapshot(
                        config.general().hba(),
                        config.general().admin(),
                        Map.copyOf(entries),
                        config.pools(),
                        coordinators);
        List<Pool> removed = new ArrayList<>();
        before.entries()
                .forEach(
                        (key, entry) -> {
                            if (!entries.containsKey(key)) {
                                removed.add(entry.account().pool());
                                changes.add(entry.account().pool().name() + ": removed");
                            }
                        });
        return new Outcome(changes, removed);
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
        return hostNames.of(address);
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

    List<Pool> all() {
        List<Pool> pools = new ArrayList<>();
        now.entries().values().forEach(entry -> pools.add(entry.account().pool()));
        return pools;
    }
}
