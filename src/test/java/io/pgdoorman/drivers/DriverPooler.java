package io.pgdoorman.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The packaged program with pool {@link #POOL} in transaction mode, in front of a database with
 * tables for the applications. Threads: any.
 */
final class DriverPooler implements AutoCloseable {
    static final String POOL = "drivers";

    /** A pool of one server, for what must meet the same server again. */
    static final String SINGLE = "single";

    static final int SERVERS = 3;
    static final int CLIENTS = 20;

    /** Statements a server keeps; every application has more. */
    static final int SERVER_STATEMENTS = 8;

    static final int ACCOUNTS = 50;
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final String database = SERVER.newDatabase("drivers");
    private final PoolerProcess pooler;

    private final Optional<Path> authority;

    DriverPooler() {
        this("");
    }

    /**
     * @param schema statements that make further tables
     */
    DriverPooler(String schema) {
        this(schema, Optional.empty());
    }

    /**
     * @param certificates directory for those of a pooler that takes clients by TLS alone
     */
    DriverPooler(String schema, Optional<Path> certificates) {
        Requirement.packagedProgram();
        SERVER.execute(
                database,
                schema,
                "GRANT ALL ON SCHEMA public TO " + PostgresServer.APP,
                "CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL, version int"
                        + " NOT NULL DEFAULT 0)",
                "INSERT INTO account SELECT n, 1000 FROM generate_series(1, " + ACCOUNTS + ") n",
                "CREATE TABLE event (id bigserial PRIMARY KEY, client int NOT NULL, round int NOT"
                        + " NULL, name text NOT NULL)",
                "GRANT ALL ON ALL TABLES IN SCHEMA public TO " + PostgresServer.APP,
                "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO " + PostgresServer.APP);
        authority = certificates.map(directory -> Certificates.copy("ca.crt", directory));
        var builder = PoolerProcess.builder();
        certificates.ifPresent(
                directory ->
                        builder.general("tls_mode", "\"require\"")
                                .general(
                                        "tls_certificate",
                                        "\"" + Certificates.copy("server.crt", directory) + "\"")
                                .general(
                                        "tls_private_key",
                                        "\"" + Certificates.copy("server.key", directory) + "\""));
        pooler =
                builder.general(
                                "server_prepared_statements_cache_size",
                                Integer.toString(SERVER_STATEMENTS))
                        .pool(POOL, SERVER, database, "transaction", SERVERS)
                        .pool(SINGLE, SERVER, database, "transaction", 1)
                        .start();
    }

    PoolerProcess pooler() {
        return pooler;
    }

    /** Of the pooler's certificate, if clients come by TLS. */
    Optional<Path> authority() {
        return authority;
    }

    int port() {
        return pooler.port();
    }

    /** The first column of the first row, asked of PostgreSQL itself. */
    String queryValue(String sql) {
        return SERVER.queryValue(database, sql);
    }

    /**
     * No money is lost, and what the applications leave behind on the servers is nothing: whether
     * they are still connected or not, there is no transaction, no lock and no server too many (one
     * is of {@link #SINGLE}).
     */
    void assertClean() {
        assertThat(queryValue("SELECT sum(balance) FROM account"))
                .isEqualTo(Integer.toString(ACCOUNTS * 1000));
        String ofDatabase =
                " FROM pg_stat_activity WHERE usename = '%s' AND datname = '%s'"
                        .formatted(PostgresServer.APP, database);
        await().atMost(LIMIT)
                .untilAsserted(
                        () ->
                                assertThat(
                                                queryValue(
                                                        "SELECT coalesce(string_agg(state || ': '"
                                                                + " || query, ', '), 'idle')"
                                                                + ofDatabase
                                                                + " AND state <> 'idle'"))
                                        .isEqualTo("idle"));
        assertThat(queryValue("SELECT count(*) <= " + (SERVERS + 1) + ofDatabase)).isEqualTo("t");
        assertThat(
                        queryValue(
                                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND"
                                        + " database = (SELECT oid FROM pg_database WHERE datname ="
                                        + " current_database())"))
                .isEqualTo("0");
    }

    @Override
    public void close() {
        pooler.close();
    }
}
