package io.pgdoorman.runtime;

import io.pgdoorman.config.GeneralConfig;
import io.pgdoorman.config.HbaRules;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.lookup.UserLookup;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.session.ClientDirectory;

import java.util.Map;

/**
 * What a configuration makes of databases and users, all of one moment. Threads: immutable; what it
 * leads to is not.
 *
 * @param entries users that the configuration names
 * @param databases by name
 * @param coordinators by database
 * @param lookups by database, of those that have {@code auth_query}
 */
record PoolSet(
        HbaRules hba,
        GeneralConfig.Admin admin,
        Map<Key, Entry> entries,
        Map<String, PoolConfig> databases,
        Map<String, Coordinator> coordinators,
        Map<String, UserLookup> lookups,
        Authorities authorities) {
    record Key(String database, String user) {}

    /** A user's pool, and the configuration it was made from. */
    record Entry(ClientDirectory.Account account, PoolConfig pool, UserConfig user) {}
}
