package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import java.util.List;

/** Transaction blocks, savepoints, locks, and clients that leave in the middle. */
final class Transactions {
    /** Others on the same PostgreSQL have theirs. */
    private static final String OWN_ADVISORY_LOCKS =
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()";

    private Transactions() {}

    static List<Sequence> sequences() {
        return List.of(
                sequence(
                        "commit",
                        query("BEGIN"),
                        query("INSERT INTO scratch VALUES (1, 'a')"),
                        query("COMMIT"),
                        query("SELECT * FROM scratch"),
                        ready(4)),
                sequence(
                        "rollback",
                        query("BEGIN"),
                        query("INSERT INTO scratch VALUES (1, 'a')"),
                        query("ROLLBACK"),
                        query("SELECT * FROM scratch"),
                        ready(4)),
                sequence(
                        "each way to begin and end",
                        query("begin;"),
                        query("end"),
                        query("BEGIN;"),
                        query("abort;"),
                        query("START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY"),
                        query("COMMIT AND CHAIN"),
                        query("ROLLBACK AND NO CHAIN"),
                        ready(7)),
                sequence("begin; and nothing else", query("begin;"), ready(), terminate(), end()),
                sequence(
                        "begin; twice",
                        query("begin;"),
                        query("begin;"),
                        query("rollback;"),
                        ready(3)),
                sequence(
                        "begin; and an extended query",
                        query("begin;"),
                        ready(),
                        run("SELECT 1"),
                        sync(),
                        ready(),
                        query("commit;"),
                        ready()),
                sequence(
                        "begin; and an error",
                        query("begin;"),
                        query("SELEC"),
                        query("COMMIT"),
                        query("SELECT 1"),
                        ready(4)),
                sequence(
                        "begin; and the query of a check",
                        query("begin;"),
                        query(";"),
                        query("rollback;"),
                        ready(3)),
                sequence(
                        "begin; and DEALLOCATE",
                        query("begin;"),
                        query("DEALLOCATE ALL"),
                        query("rollback;"),
                        ready(3)),
                sequence(
                        "check query",
                        query(";"),
                        ready(),
                        query(";"),
                        query(";"),
                        query("SELECT 1"),
                        ready(3)),
                sequence(
                        "savepoints",
                        query("BEGIN"),
                        query("SAVEPOINT a"),
                        query("INSERT INTO scratch VALUES (1, 'a')"),
                        query("SELECT 1/0"),
                        query("ROLLBACK TO a"),
                        query("INSERT INTO scratch VALUES (2, 'b')"),
                        query("RELEASE a"),
                        query("COMMIT"),
                        query("SELECT * FROM scratch"),
                        ready(9)),
                sequence(
                        "savepoints by extended queries in one pipeline",
                        run("BEGIN"),
                        run("SAVEPOINT a"),
                        run("INSERT INTO scratch VALUES (1, 'a')"),
                        run("ROLLBACK TO a"),
                        run("COMMIT"),
                        run("SELECT count(*) FROM scratch"),
                        sync(),
                        ready()),
                sequence(
                        "read only transaction",
                        query("BEGIN READ ONLY"),
                        query("INSERT INTO scratch VALUES (1, 'a')"),
                        query("ROLLBACK"),
                        ready(3)),
                sequence(
                        "SET TRANSACTION",
                        query("BEGIN"),
                        query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"),
                        query("SHOW transaction_isolation"),
                        query("COMMIT"),
                        query("SHOW transaction_isolation"),
                        ready(5)),
                sequence(
                        "SET LOCAL ends with the transaction",
                        query("BEGIN"),
                        query("SET LOCAL work_mem = '8MB'"),
                        query("SHOW work_mem"),
                        query("COMMIT"),
                        query("SHOW work_mem"),
                        ready(5)),
                sequence(
                        "SET is undone by rollback",
                        query("BEGIN"),
                        query("SET work_mem = '8MB'"),
                        query("ROLLBACK"),
                        query("SHOW work_mem"),
                        ready(4)),
                sequence(
                        "SET LOCAL outside a transaction",
                        query("SET LOCAL work_mem = '8MB'"),
                        query("SHOW work_mem"),
                        ready(2)),
                sequence(
                        "two-phase commit",
                        query("BEGIN; INSERT INTO scratch VALUES (1, 'a')"),
                        query("PREPARE TRANSACTION 'two phases'"),
                        query("SELECT count(*) FROM scratch"),
                        query("COMMIT PREPARED 'two phases'"),
                        query("SELECT count(*) FROM scratch"),
                        ready(5)),
                sequence(
                        "temporary table in a transaction",
                        query("BEGIN"),
                        query("CREATE TEMP TABLE mine (id int) ON COMMIT DROP"),
                        query("INSERT INTO mine VALUES (1)"),
                        query("SELECT * FROM mine"),
                        query("COMMIT"),
                        ready(5)),
                sequence(
                                "temporary table across transactions",
                                query("CREATE TEMP TABLE mine (id int)"),
                                query("INSERT INTO mine VALUES (1)"),
                                query("SELECT * FROM mine"),
                                query("DROP TABLE mine"),
                                ready(4))
                        .inSession(),
                sequence(
                        "advisory lock of a transaction",
                        query("BEGIN"),
                        query("SELECT pg_advisory_xact_lock(7)"),
                        query(OWN_ADVISORY_LOCKS),
                        query("COMMIT"),
                        query(OWN_ADVISORY_LOCKS),
                        ready(5)),
                sequence(
                                "advisory lock of a session",
                                query("SELECT pg_advisory_lock(8)"),
                                query("SELECT pg_advisory_unlock(8)"),
                                query("SELECT pg_advisory_unlock(8)"),
                                ready(3))
                        .inSession(),
                sequence(
                        "dropped in a transaction",
                        query("BEGIN; INSERT INTO scratch VALUES (1, 'a')"),
                        ready(),
                        drop(),
                        query("SELECT count(*) FROM scratch"),
                        ready()),
                sequence(
                        "reset in a transaction",
                        query("BEGIN; INSERT INTO scratch VALUES (1, 'a')"),
                        ready(),
                        reset(),
                        query("SELECT count(*) FROM scratch"),
                        ready()),
                sequence(
                        "terminate in a transaction",
                        query("BEGIN; INSERT INTO scratch VALUES (1, 'a')"),
                        ready(),
                        terminate(),
                        end(),
                        drop(),
                        query("SELECT count(*) FROM scratch"),
                        ready()),
                sequence(
                        "terminate in a failed transaction",
                        query("BEGIN; SELECT 1/0"),
                        ready(),
                        terminate(),
                        end(),
                        drop(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "lock of a dropped client is released",
                        query("BEGIN; LOCK TABLE scratch"),
                        ready(),
                        drop(),
                        query("BEGIN; LOCK TABLE scratch; COMMIT"),
                        ready()),
                sequence(
                                "one client waits for the lock of another",
                                as("a"),
                                query("BEGIN; LOCK TABLE scratch"),
                                ready(),
                                as("b"),
                                query("SELECT count(*) FROM scratch /* waits for the lock */"),
                                awaitRunning("waits for the lock"),
                                as("a"),
                                query("INSERT INTO scratch VALUES (1, 'a')"),
                                query("COMMIT"),
                                ready(2),
                                as("b"),
                                ready())
                        .onServers(2),
                sequence(
                                "two transactions, one undone",
                                as("a"),
                                query("BEGIN; UPDATE item SET name = name WHERE id = 1"),
                                ready(),
                                as("b"),
                                query("BEGIN; UPDATE item SET name = name WHERE id = 2"),
                                ready(),
                                as("b"),
                                query("ROLLBACK"),
                                ready(),
                                as("a"),
                                query("UPDATE item SET name = name WHERE id = 2; ROLLBACK"),
                                ready())
                        .onServers(2));
    }
}
