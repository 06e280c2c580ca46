package io.pgdoorman.runtime;

import io.pgdoorman.config.Config;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.session.ClientDirectory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All pools of the process, by database and user, and the rules of who may use them.
 *
 * <p>Threads: any thread; immutable.
 */
final class Pools implements ClientDirectory {
    private record Key(String database, String user) {}

    private final HbaRules hba;
    private final Map<Key, Account> accounts;
    private final Map<String, PoolConfig> databases;

    private Pools(HbaRules hba, Map<Key, Account> accounts, Map<String, PoolConfig> databases) {
        this.hba = hba;
        this.accounts = Map.copyOf(accounts);
        this.databases = Map.copyOf(databases);
    }

    /** Builds the pools of a configuration; opens no connection. */
    static Pools of(Config config, PoolFactory factory) {
        Map<Key, Account> accounts = new HashMap<>();
        for (PoolConfig pool : config.pools().values()) {
            PoolConfig.Coordinator limits = pool.coordinator();
            Coordinator coordinator =
                    limits.enabled()
                            ? new Coordinator(limits.maxDbConnections(), limits.reservePoolSize())
                            : null;
            for (UserConfig user : pool.users()) {
                accounts.put(
                        new Key(pool.name(), user.username()),
                        factory.account(pool, user, coordinator));
            }
        }
        return new Pools(config.general().hba(), accounts, config.pools());
    }

    @Override
    public HbaRules hba() {
        return hba;
    }

    @Override
    public boolean hasDatabase(String database) {
        return databases.containsKey(database);
    }

    @Override
    public Optional<Account> find(String database, String user) {
        return Optional.ofNullable(accounts.get(new Key(database, user)));
    }

    List<Pool> all() {
        List<Pool> pools = new ArrayList<>();
        accounts.values().forEach(account -> pools.add(account.pool()));
        return pools;
    }
}
