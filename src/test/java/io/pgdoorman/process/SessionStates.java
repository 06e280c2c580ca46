package io.pgdoorman.process;

import static io.pgdoorman.testing.Frontend.bind;
import static io.pgdoorman.testing.Frontend.execute;
import static io.pgdoorman.testing.Frontend.flush;
import static io.pgdoorman.testing.Frontend.parse;
import static io.pgdoorman.testing.Frontend.query;
import static io.pgdoorman.testing.Frontend.sync;

import io.pgdoorman.testing.Frontend;

import java.util.Arrays;
import java.util.stream.Stream;

/** What a client may do to a server's session. Threads: pure functions. */
final class SessionStates {
    private SessionStates() {}

    /**
     * What the first client does.
     *
     * @param busy whether it is still in a transaction, batch or COPY after that
     */
    record State(String what, boolean busy, byte[]... messages) {}

    static Stream<State> all() {
        return Stream.of(
                sql("SET", "SET work_mem = '9MB'"),
                sql("SET of a reported parameter", "SET DateStyle = German"),
                sql("SET of a custom parameter", "SET my.own = 'x'"),
                sql("SET by several statements", "SET work_mem = '9MB'; SET geqo = off; SELECT 1"),
                sql(
                        "RESET of one of two",
                        "SET work_mem = '9MB'; SET geqo = off",
                        "RESET work_mem"),
                sql(
                        "RESET of one of two in one Query",
                        "SET work_mem = '9MB'; SET geqo = off; RESET geqo"),
                sql("SET in a transaction", "BEGIN", "SET work_mem = '9MB'", "COMMIT"),
                sql("SET and an error in another Query", "SET work_mem = '9MB'", "SELECT 1/0"),
                sql(
                        "SET kept by a savepoint",
                        "BEGIN",
                        "SET work_mem = '9MB'",
                        "SAVEPOINT a",
                        "SET geqo = off",
                        "ROLLBACK TO a",
                        "COMMIT"),
                sql("set_config", "SELECT set_config('work_mem', '9MB', false)"),
                sql(
                        "set_config in DO",
                        "DO $$BEGIN PERFORM set_config('work_mem', '9MB', false); END$$"),
                sql("SET in DO", "DO $$BEGIN SET work_mem = '9MB'; END$$"),
                sql(
                        "UPDATE of pg_settings",
                        "UPDATE pg_settings SET setting = '9000' WHERE name = 'work_mem'"),
                sql(
                        "SET SESSION CHARACTERISTICS",
                        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY"),
                sql("SET TIME ZONE", "SET TIME ZONE 'Asia/Tokyo'"),
                sql("SET NAMES", "SET NAMES 'LATIN1'"),
                sql("SET SCHEMA", "SET SCHEMA 'pg_catalog'"),
                sql("SET SEED and random", "SET SEED TO 0.5; SELECT random()"),
                sql("SET ROLE", "SET ROLE helper"),
                sql("SET ROLE and SET", "SET ROLE helper; SET work_mem = '9MB'"),
                sql("SET ROLE by set_config", "SELECT set_config('role', 'helper', false)"),
                sql("SET SESSION AUTHORIZATION", "SET SESSION AUTHORIZATION app"),
                sql("temporary table", "CREATE TEMP TABLE mine (id int)"),
                sql("temporary table by SELECT INTO", "SELECT 1 AS id INTO TEMP mine"),
                sql(
                        "temporary table by CREATE TABLE AS",
                        "CREATE TEMP TABLE mine AS SELECT 1 AS id"),
                sql("temporary view", "CREATE TEMP VIEW mine AS SELECT 1 AS id"),
                sql("temporary sequence", "CREATE TEMP SEQUENCE mine"),
                sql("temporary table by pg_temp", "CREATE TABLE pg_temp.mine (id int)"),
                sql("temporary table in DO", "DO $$BEGIN CREATE TEMP TABLE mine (id int); END$$"),
                sql(
                        "temporary table in EXECUTE of DO",
                        "DO $$BEGIN EXECUTE 'SELECT 1 AS id INTO TEMP mine'; PERFORM 1; END$$"),
                sql("advisory lock", "SELECT pg_advisory_lock(7)"),
                sql("shared advisory lock", "SELECT pg_advisory_lock_shared(7, 8)"),
                sql("advisory lock by try", "SELECT pg_try_advisory_lock(7)"),
                sql("advisory lock in DO", "DO $$BEGIN PERFORM pg_advisory_lock(7); END$$"),
                sql(
                        "advisory lock in a failed transaction",
                        "BEGIN",
                        "SELECT pg_advisory_lock(7)",
                        "SELECT 1/0",
                        "ROLLBACK"),
                sql(
                        "advisory lock before an error of the same Query",
                        "SELECT pg_advisory_lock(7); SELECT 1/0"),
                sql("LISTEN", "LISTEN news"),
                sql("LISTEN in DO", "DO $$BEGIN EXECUTE 'LISTEN news'; END$$"),
                sql("cursor with hold", "DECLARE c CURSOR WITH HOLD FOR SELECT 1"),
                sql(
                        "cursor with hold of a transaction",
                        "BEGIN",
                        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
                        "COMMIT"),
                sql("SQL PREPARE", "PREPARE s AS SELECT 1"),
                sql("SQL PREPARE before an error", "PREPARE s AS SELECT 1", "SELECT 1/0"),
                sql(
                        "SQL PREPARE in a transaction that fails",
                        "BEGIN",
                        "PREPARE s AS SELECT 1",
                        "SELEC",
                        "ROLLBACK"),
                sql("SQL PREPARE in DO", "DO $$BEGIN EXECUTE 'PREPARE s AS SELECT 1'; END$$"),
                sql(
                        "DEALLOCATE of one of two",
                        "PREPARE s AS SELECT 1; PREPARE t AS SELECT 2",
                        "DEALLOCATE s"),
                sql(
                        "everything at once",
                        "SET work_mem = '9MB'; SET ROLE helper; RESET ROLE; CREATE TEMP TABLE mine (id int); SELECT pg_advisory_lock(7); LISTEN news; DECLARE c CURSOR WITH HOLD FOR SELECT 1; PREPARE s AS SELECT 1"),
                sql("DISCARD ALL", "SET work_mem = '9MB'", "DISCARD ALL"),
                sql("DISCARD ALL, then more", "DISCARD ALL", "SET work_mem = '9MB'"),
                sql(
                        "RESET ALL, then more",
                        "SET work_mem = '9MB'; RESET ALL",
                        "SELECT pg_advisory_lock(7)"),
                wire("named statement", false, parse("s", "SELECT 1"), sync()),
                wire(
                        "named statement and an error",
                        false,
                        parse("s", "SELECT 1"),
                        parse("t", "SELEC"),
                        sync()),
                wire(
                        "SET by the extended protocol",
                        false,
                        parse("", "SET work_mem = '9MB'"),
                        bind("", ""),
                        execute("", 0),
                        sync()),
                wire(
                        "SET and an error in one batch",
                        false,
                        parse("", "SET work_mem = '9MB'"),
                        bind("", ""),
                        execute("", 0),
                        parse("", "SELEC"),
                        sync()),
                wire(
                        "SET in a pipeline",
                        false,
                        query("SET work_mem = '9MB'"),
                        query("SELECT 1/0"),
                        query("SELECT pg_advisory_lock(7)")),
                // PostgreSQL 18 refuses the next command after this, though it says it is idle.
                wire(
                        "Query in a batch, then Sync",
                        false,
                        parse("", "INSERT INTO scratch VALUES (1)"),
                        bind("", ""),
                        execute("", 0),
                        query("SELECT 1"),
                        sync()),
                wire(
                        "FunctionCall of pg_advisory_lock",
                        false,
                        Frontend.functionCall(
                                PG_ADVISORY_LOCK, new byte[] {0, 0, 0, 0, 0, 0, 0, 7})),
                busy(
                        "transaction",
                        query("BEGIN; SET work_mem = '9MB'; CREATE TEMP TABLE mine (id int)")),
                busy(
                        "transaction with state",
                        query(
                                "BEGIN; SELECT pg_advisory_lock(7); LISTEN news; PREPARE s AS SELECT 1")),
                busy("failed transaction", query("BEGIN; SELECT pg_advisory_lock(7); SELECT 1/0")),
                busy(
                        "state before a transaction",
                        query("SET work_mem = '9MB'; SELECT pg_advisory_lock(7)"),
                        query("BEGIN; SELECT 1")),
                busy(
                        "Query in a batch without Sync",
                        Frontend.concat(
                                parse("", "CREATE TEMP TABLE mine (id int)"),
                                bind("", ""),
                                execute("", 0),
                                query("SELECT 1"))),
                busy("Flush that is malformed", Frontend.message('H', (byte) 'x')),
                busy(
                        "batch without Sync",
                        Frontend.concat(
                                parse("s", "SELECT pg_advisory_lock(7)"),
                                bind("", "s"),
                                execute("", 0))),
                busy(
                        "batch with Flush and without Sync",
                        Frontend.concat(
                                parse("s", "SELECT pg_advisory_lock(7)"),
                                bind("", "s"),
                                execute("", 0),
                                flush())),
                busy(
                        "suspended portal",
                        Frontend.concat(
                                parse(
                                        "",
                                        "SELECT pg_advisory_lock(n) FROM generate_series(1, 9) n"),
                                bind("p", ""),
                                execute("p", 2),
                                flush())),
                busy(
                        "unread replies",
                        Frontend.concat(
                                query("SELECT pg_advisory_lock(7)"),
                                query("SELECT repeat('x', 1000000)"),
                                query("SET work_mem = '9MB'"))),
                busy("running query", query("SELECT pg_advisory_lock(7), pg_sleep(0.1)")),
                busy(
                        "COPY FROM STDIN",
                        query("CREATE TEMP TABLE mine (id int); COPY mine FROM STDIN")),
                busy(
                        "COPY FROM STDIN by the extended protocol",
                        Frontend.concat(
                                query("CREATE TEMP TABLE mine (id int)"),
                                parse("", "COPY mine FROM STDIN"),
                                bind("", ""),
                                execute("", 0),
                                flush())),
                busy(
                        "COPY TO STDOUT",
                        query(
                                "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 10000)) TO STDOUT")));
    }

    /** Function {@code pg_advisory_lock(bigint)}. */
    private static final int PG_ADVISORY_LOCK = 2880;

    private static State sql(String what, String... queries) {
        return new State(
                what, false, Arrays.stream(queries).map(Frontend::query).toArray(byte[][]::new));
    }

    private static State wire(String what, boolean busy, byte[]... messages) {
        return new State(what, busy, Frontend.concat(messages));
    }

    private static State busy(String what, byte[]... messages) {
        return new State("in the middle: " + what, true, messages);
    }
}
