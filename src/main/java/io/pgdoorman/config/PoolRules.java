package io.pgdoorman.config;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Rules of one pool that concern several keys, its users among them. Threads: confined to one load.
 */
record PoolRules(String name, Tree.Pool pool, Problems problems) {
    private static final List<String> CONSOLE = List.of("pgdoorman", "pgbouncer");

    void check() {
        Values values = pool.values();
        if (name.isEmpty() || name.indexOf('\0') >= 0) {
            problems.error(
                    values.source().position(),
                    values.path(),
                    "the name cannot be empty or contain a null byte");
        }
        if (CONSOLE.contains(name)) {
            problems.warning(
                    values.source().position(),
                    values.path(),
                    "is the admin console's name, so clients cannot reach this pool");
        }
        checkUsers();
        checkStartupParameters();
        checkAuthQuery();
        if (values.get(PoolKeys.MAX_DB_CONNECTIONS) > 0) {
            new CoordinatorRules(pool, problems).check();
        }
        var tls =
                new ServerTlsRules(
                        values,
                        PoolKeys.SERVER_TLS_MODE,
                        PoolKeys.SERVER_TLS_NEGOTIATION,
                        PoolKeys.SERVER_TLS_CA_CERT,
                        PoolKeys.SERVER_TLS_CERTIFICATE,
                        PoolKeys.SERVER_TLS_PRIVATE_KEY,
                        PoolKeys.SERVER_TLS_CRL,
                        PoolKeys.SERVER_TLS_PASSPHRASE_COMMAND);
        if (tls.given()) {
            tls.check(problems);
        }
        FallbackRules.check(
                values, PoolKeys.FALLBACK_LIFETIME, PoolKeys.FALLBACK_COOLDOWN, problems);
    }

    private void checkUsers() {
        Set<String> names = new HashSet<>();
        for (Values user : pool.users()) {
            user.own(UserKeys.USERNAME)
                    .filter(username -> !names.add(username))
                    .ifPresent(
                            username ->
                                    error(
                                            user,
                                            UserKeys.USERNAME,
                                            "duplicate username '%s' in pool users"
                                                    .formatted(username)));
            boolean given = user.source().entries().containsKey(UserKeys.PASSWORD.name());
            if (!given && user.own(UserKeys.AUTH_PAM_SERVICE).isEmpty()) {
                error(
                        user,
                        UserKeys.PASSWORD,
                        "missing, is required; \"\" is for users who log in by a trust rule only");
            }
            PasswordKeys.OF_USER.check(user, problems);
            int size = user.get(UserKeys.POOL_SIZE);
            int least = user.get(UserKeys.MIN_POOL_SIZE);
            if (least > size) {
                error(
                        user,
                        UserKeys.MIN_POOL_SIZE,
                        "%d cannot be larger than pool_size of %d".formatted(least, size));
            }
        }
    }

    private void checkStartupParameters() {
        Values values = pool.values();
        Map<String, String> merged = Assembler.startupParameters(values);
        var layers = values.find(PoolKeys.STARTUP_PARAMETERS).orElse(Map.of());
        int size = StartupParameters.size(merged);
        if (!layers.isEmpty() && size > StartupParameters.BUDGET_BYTES) {
            error(
                    values,
                    PoolKeys.STARTUP_PARAMETERS,
                    "merged with [general]: serialized size %d bytes exceeds the budget of %d"
                            .formatted(size, StartupParameters.BUDGET_BYTES));
        }
        String database = values.find(PoolKeys.SERVER_DATABASE).orElse(name);
        for (Values user : pool.users()) {
            user.find(UserKeys.SERVER_USERNAME)
                    .or(() -> user.find(UserKeys.USERNAME))
                    .ifPresent(role -> checkPacket("user", role, database, merged));
        }
        pool.authQuery()
                .flatMap(lookup -> lookup.find(AuthQueryKeys.SERVER_USER))
                .ifPresent(role -> checkPacket("auth_query server_user", role, database, merged));
    }

    private void checkPacket(
            String what, String role, String database, Map<String, String> merged) {
        int size = StartupParameters.packetSize(role, database, merged);
        if (size > StartupParameters.PACKET_BYTES) {
            error(
                    pool.values(),
                    PoolKeys.STARTUP_PARAMETERS,
                    "full StartupMessage for %s '%s' is %d bytes, PostgreSQL takes at most %d"
                            .formatted(what, role, size, StartupParameters.PACKET_BYTES));
        }
    }

    private void checkAuthQuery() {
        pool.authQuery()
                .ifPresent(
                        lookup -> {
                            PasswordKeys.OF_LOOKED_UP.check(lookup, problems);
                            PasswordKeys.OF_LOOKUP.check(lookup, problems);
                            if (lookup.get(AuthQueryKeys.MIN_POOL_SIZE)
                                    > lookup.get(AuthQueryKeys.POOL_SIZE)) {
                                error(
                                        lookup,
                                        AuthQueryKeys.MIN_POOL_SIZE,
                                        "must be <= pool_size of "
                                                + lookup.get(AuthQueryKeys.POOL_SIZE));
                            }
                        });
    }

    private void error(Values values, Key<?> key, String message) {
        problems.error(values.position(key), values.name(key), message);
    }

    /** What holds once {@code max_db_connections} bounds the pool. */
    private record CoordinatorRules(Tree.Pool pool, Problems problems) {
        void check() {
            Values values = pool.values();
            int bound = values.get(PoolKeys.MAX_DB_CONNECTIONS);
            long minimums =
                    pool.users().stream().mapToLong(u -> u.get(UserKeys.MIN_POOL_SIZE)).sum();
            if (minimums > bound) {
                problems.error(
                        values.position(PoolKeys.MAX_DB_CONNECTIONS),
                        values.name(PoolKeys.MAX_DB_CONNECTIONS),
                        "sum of min_pool_size (%d) exceeds max_db_connections (%d)"
                                .formatted(minimums, bound));
            }
            if (values.get(PoolKeys.RESERVE_POOL_SIZE) > bound) {
                warning(PoolKeys.RESERVE_POOL_SIZE, "is larger than max_db_connections");
            }
            Duration idle = values.get(PoolKeys.IDLE_TIMEOUT);
            if (!idle.isZero()
                    && values.get(PoolKeys.MIN_CONNECTION_LIFETIME).compareTo(idle) > 0) {
                warning(PoolKeys.MIN_CONNECTION_LIFETIME, "is longer than idle_timeout");
            }
            Duration wait = values.get(PoolDefaultKeys.QUERY_WAIT_TIMEOUT);
            if (values.get(PoolKeys.RESERVE_POOL_TIMEOUT).compareTo(wait) > 0) {
                warning(
                        PoolKeys.RESERVE_POOL_TIMEOUT,
                        "is longer than general.query_wait_timeout, so the reserve is never used");
            }
            int guaranteed = values.get(PoolKeys.MIN_GUARANTEED_POOL_SIZE);
            for (Values user : pool.users()) {
                int size = user.get(UserKeys.POOL_SIZE);
                if (size > bound) {
                    problems.warning(
                            user.position(UserKeys.POOL_SIZE),
                            user.name(UserKeys.POOL_SIZE),
                            "%d is larger than max_db_connections of %d".formatted(size, bound));
                }
                if (guaranteed > size) {
                    problems.warning(
                            user.position(UserKeys.POOL_SIZE),
                            user.name(UserKeys.POOL_SIZE),
                            "%d is smaller than min_guaranteed_pool_size of %d"
                                    .formatted(size, guaranteed));
                }
            }
        }

        private void warning(Key<?> key, String message) {
            problems.warning(pool.values().position(key), pool.values().name(key), message);
        }
    }
}
