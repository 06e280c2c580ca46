package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import java.util.List;

/** Errors at every place of a batch, and what PostgreSQL skips after them. */
final class Errors {
    private Errors() {}

    static List<Sequence> sequences() {
        return List.of(
                sequence("syntax error", query("SELEC 1"), ready(), query("SELECT 1"), ready()),
                sequence(
                        "error at run time",
                        query("SELECT 1/0"),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "error after some rows",
                        query("SELECT 10 / (3 - id) FROM item ORDER BY id"),
                        ready()),
                sequence("error with all its fields", query("SELECT fail('thing')"), ready()),
                sequence(
                        "constraint violation",
                        query("INSERT INTO item VALUES (1, 'twice')"),
                        ready()),
                sequence(
                        "check violation",
                        query("INSERT INTO scratch VALUES (1000, 'x')"),
                        ready()),
                sequence("no such table", query("SELECT * FROM nowhere"), ready()),
                sequence("no permission", query("SELECT * FROM pg_authid"), ready()),
                sequence(
                        "error in Parse",
                        parse("SELEC 1"),
                        bind(),
                        describe(),
                        execute(),
                        sync(),
                        ready()),
                sequence(
                        "error in Parse, then good",
                        parse("SELEC 1"),
                        sync(),
                        run("SELECT 1"),
                        sync(),
                        ready(2)),
                sequence(
                        "error in Bind, no such statement",
                        bind("", "nowhere"),
                        execute(),
                        sync(),
                        ready()),
                sequence(
                        "error in Bind, bad value",
                        parse("SELECT $1::int"),
                        bind("", "", "x"),
                        execute(),
                        sync(),
                        ready()),
                sequence(
                        "error in Bind, too few values",
                        parse("SELECT $1::int"),
                        bind(),
                        execute(),
                        sync(),
                        ready()),
                sequence(
                        "error in Bind, too many values",
                        parse("SELECT 1"),
                        bind("", "", "1", "2"),
                        execute(),
                        sync(),
                        ready()),
                sequence(
                        "error in Describe of a statement",
                        describeStatement("nowhere"),
                        sync(),
                        ready()),
                sequence(
                        "error in Describe of a portal",
                        describePortal("nowhere"),
                        sync(),
                        ready()),
                sequence(
                        "error in Execute, no such portal", execute("nowhere", 0), sync(), ready()),
                sequence("error in Execute", run("SELECT 1/0"), run("SELECT 2"), sync(), ready()),
                sequence(
                        "error in Execute after some rows",
                        run("SELECT 10 / (3 - id) FROM item ORDER BY id"),
                        sync(),
                        ready()),
                sequence(
                        "error at commit in Sync",
                        run("INSERT INTO strict VALUES (1), (1)"),
                        sync(),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "error at COMMIT",
                        query("BEGIN"),
                        query("INSERT INTO strict VALUES (1), (1)"),
                        query("COMMIT"),
                        query("SELECT 1"),
                        ready(4)),
                sequence(
                        "two statements in one Parse",
                        parse("SELECT 1; SELECT 2"),
                        bind(),
                        execute(),
                        sync(),
                        ready()),
                sequence(
                        "everything up to Sync is skipped",
                        run("SELECT 1"),
                        parse("SELEC 1"),
                        run("SELECT 2"),
                        describeStatement("nowhere"),
                        closeStatement("nowhere"),
                        execute("nowhere", 3),
                        flush(),
                        sync(),
                        run("SELECT 3"),
                        sync(),
                        ready(2)),
                sequence(
                        "an error undoes the batch before it",
                        run("INSERT INTO scratch VALUES (1, 'a')"),
                        run("SELECT 1/0"),
                        sync(),
                        ready(),
                        query("SELECT count(*) FROM scratch"),
                        ready()),
                sequence(
                        "an error undoes nothing of the batch before the last Sync",
                        run("INSERT INTO scratch VALUES (1, 'a')"),
                        sync(),
                        run("SELECT 1/0"),
                        sync(),
                        query("SELECT count(*) FROM scratch"),
                        ready(3)),
                sequence(
                        "error, Flush, Sync",
                        parse("SELEC 1"),
                        flush(),
                        until('E'),
                        sync(),
                        ready()),
                sequence(
                        "error, Flush, more messages, Sync",
                        parse("SELEC 1"),
                        flush(),
                        until('E'),
                        run("SELECT 1"),
                        flush(),
                        sync(),
                        ready(),
                        run("SELECT 2"),
                        sync(),
                        ready()),
                sequence(
                        "simple query is skipped after an error",
                        parse("SELEC 1"),
                        query("SELECT 1"),
                        sync(),
                        ready(),
                        query("SELECT 2"),
                        ready()),
                sequence(
                        "error in a transaction",
                        query("BEGIN"),
                        query("SELECT 1/0"),
                        query("SELECT 1"),
                        query("COMMIT"),
                        ready(4)),
                sequence(
                        "error in a transaction of extended queries",
                        run("BEGIN"),
                        sync(),
                        run("SELECT 1/0"),
                        sync(),
                        run("SELECT 1"),
                        sync(),
                        run("ROLLBACK"),
                        sync(),
                        ready(4)),
                sequence(
                        "error between statements of one transaction in one pipeline",
                        run("BEGIN"),
                        run("SELECT 1/0"),
                        run("COMMIT"),
                        sync(),
                        ready(),
                        query("ROLLBACK"),
                        ready()),
                sequence(
                        "copy in a failed transaction",
                        query("BEGIN"),
                        query("SELEC"),
                        query("COPY scratch FROM STDIN"),
                        query("ROLLBACK"),
                        ready(4)),
                sequence(
                        "error in each of three cycles",
                        run("SELECT 1/0"),
                        sync(),
                        parse("SELEC"),
                        sync(),
                        bind("", "nowhere"),
                        sync(),
                        ready(3)),
                sequence(
                        "error alternates with success",
                        times(20, all(run("SELECT 1"), sync(), run("SELECT 1/0"), sync())),
                        ready(40)),
                sequence(
                        "error in a function called by FunctionCall",
                        query("SELECT 1"),
                        functionCall(
                                154,
                                io.pgdoorman.testing.Frontend.int32(1),
                                io.pgdoorman.testing.Frontend.int32(0)),
                        ready(2)),
                sequence(
                        "error byte by byte",
                        pieces(1),
                        run("SELECT 1/0"),
                        run("SELECT 2"),
                        sync(),
                        ready()),
                sequence(
                        "statement timeout",
                        query("BEGIN; SET LOCAL statement_timeout = 20"),
                        ready(),
                        query("SELECT pg_sleep(10)"),
                        ready(),
                        query("ROLLBACK"),
                        ready()),
                sequence(
                        "fatal error ends the connection",
                        query("SELECT pg_terminate_backend(pg_backend_pid())"),
                        until('\0')),
                sequence(
                        "fatal error in a pipeline",
                        run("SELECT 1"),
                        run("SELECT pg_terminate_backend(pg_backend_pid())"),
                        run("SELECT 2"),
                        sync(),
                        until('\0')),
                sequence(
                        "a new client after a fatal error",
                        query("SELECT pg_terminate_backend(pg_backend_pid())"),
                        until('\0'),
                        drop(),
                        query("SELECT 1"),
                        ready()));
    }
}
