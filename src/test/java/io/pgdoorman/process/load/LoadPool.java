package io.pgdoorman.process.load;

import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A pool of the load, with a database of its own. All its servers are opened at the start and never
 * retired, so that a new one is always the work of a disturbance.
 */
enum LoadPool {
    TRANSACTION_2("transaction", 2),
    TRANSACTION_4("transaction", 4),
    TRANSACTION_12("transaction", 12),
    LONG("transaction", LoadPool.ONE_EACH),
    SESSION("session", LoadPool.ONE_EACH),
    WAITING("transaction", 1),
    SCRAM("transaction", 2, "scram_user", PostgresServer.PASSWORD),
    CANCEL("transaction", LoadPool.ONE_EACH),
    /** pgjdbc has startup parameters of its own, so that these servers are opened for it. */
    JDBC("transaction", 2);

    /** One server for each connection of its clients, which keep it. */
    private static final int ONE_EACH = 0;

    private final String mode;
    private final int servers;
    private final String user;
    private final String password;

    LoadPool(String mode, int servers) {
        this(mode, servers, PostgresServer.APP, "");
    }

    LoadPool(String mode, int servers, String user, String password) {
        this.mode = mode;
        this.servers = servers;
        this.user = user;
        this.password = password;
    }

    /** The rules that admit the users of all pools. */
    static String hba() {
        return """
        local all scram_user scram-sha-256
        host all scram_user 127.0.0.1/32 scram-sha-256
        local all all trust
        host all all 127.0.0.1/32 trust
        """;
    }

    /** What clients connect to. */
    String poolName() {
        return name().toLowerCase(Locale.ROOT);
    }

    String user() {
        return user;
    }

    String password() {
        return password;
    }

    /** Servers it may have for the clients of {@code mix}; 0 if there are none. */
    int size(Map<ClientKind, Integer> mix) {
        int connections =
                mix.entrySet().stream()
                        .filter(entry -> entry.getKey().pool() == this)
                        .mapToInt(entry -> entry.getKey().connections() * entry.getValue())
                        .sum();
        return servers == ONE_EACH ? connections : Math.min(servers, connections);
    }

    /** Creates its database. */
    String createDatabase(PostgresServer server) {
        String database = server.newDatabase("load_" + poolName());
        server.execute(database, "GRANT CREATE ON SCHEMA public TO " + PostgresServer.APP);
        return database;
    }

    /** Adds it to a configuration. */
    void configure(
            PoolerProcess.Builder builder, PostgresServer server, String database, int size) {
        List<String> settings =
                List.of(
                        "password = \"" + password + "\"",
                        "server_username = \"" + user + "\"",
                        "server_password = \"" + password + "\"",
                        this == JDBC ? "" : "min_pool_size = " + size);
        builder.pool(
                poolName(),
                PoolerProcess.Builder.serverSettings(server, database, mode)
                        + "idle_timeout = 0\nserver_lifetime = 0"
                        + (this == TRANSACTION_4
                                ? "\nserver_prepared_statements_cache_size = 4"
                                : ""),
                PoolerProcess.Builder.user(user, size, settings.toArray(String[]::new)));
    }
}
