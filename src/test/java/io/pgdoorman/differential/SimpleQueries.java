package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import java.util.List;

/** Query messages, alone, many in one and many in a row. */
final class SimpleQueries {
    private SimpleQueries() {}

    static List<Sequence> sequences() {
        return List.of(
                sequence("one row", query("SELECT 1 AS one, 'two' AS two, NULL AS none"), ready()),
                sequence("no row", query("SELECT * FROM item WHERE false"), ready()),
                sequence("ten rows", query("SELECT * FROM item ORDER BY id"), ready()),
                sequence("no column", query("SELECT FROM item"), ready()),
                sequence("row of many types", query(TYPES), ready()),
                sequence("empty query", query(""), ready()),
                sequence("query of blanks and comments", query("  /* x */ -- y\n"), ready()),
                sequence("lone semicolon and more", query("; ;SELECT 1;;"), ready()),
                sequence("insert", query("INSERT INTO scratch VALUES (1, 'a')"), ready()),
                sequence(
                        "insert returning",
                        query("INSERT INTO scratch VALUES (1, 'a'), (2, 'b') RETURNING *"),
                        ready()),
                sequence(
                        "each command tag",
                        query(
                                "INSERT INTO scratch VALUES (1, 'a'); UPDATE scratch SET name = 'b';"
                                        + " MERGE INTO scratch s USING item i ON s.id = i.id WHEN"
                                        + " MATCHED THEN DELETE; DELETE FROM scratch; TABLE item;"
                                        + " VALUES (1), (2); EXPLAIN (COSTS off) SELECT 1; SHOW"
                                        + " server_encoding; DO 'BEGIN END'; CHECKPOINT"),
                        ready()),
                sequence(
                        "several statements",
                        query("SELECT 1; SELECT 2, 3; SELECT 'four'"),
                        ready()),
                sequence(
                        "several statements are one transaction",
                        query("INSERT INTO scratch VALUES (1, 'a'); SELECT 1/0; SELECT 2"),
                        ready(),
                        query("SELECT count(*) FROM scratch"),
                        ready()),
                sequence(
                        "begin in the middle of statements",
                        query("SELECT 1; BEGIN; SELECT 2"),
                        ready(),
                        query("COMMIT"),
                        ready()),
                sequence(
                        "commit in the middle of statements",
                        query("BEGIN; SELECT 1; COMMIT; SELECT 2; SELECT 1/0"),
                        ready(),
                        query("SELECT 3"),
                        ready()),
                sequence(
                        "notices before and after rows",
                        query("SELECT shout('a'); SELECT shout('b') FROM item WHERE id < 3"),
                        ready()),
                sequence(
                        "warning",
                        query("COMMIT"),
                        ready(),
                        query("BEGIN; BEGIN; ROLLBACK"),
                        ready()),
                sequence("two pipelined queries", query("SELECT 1"), query("SELECT 2"), ready(2)),
                sequence(
                        "pipelined queries around an error",
                        query("SELECT 1"),
                        query("SELECT 1/0"),
                        query("SELECT 2"),
                        ready(3)),
                sequence(
                        "pipelined transaction",
                        query("BEGIN"),
                        query("INSERT INTO scratch VALUES (1, 'a')"),
                        query("SELECT * FROM scratch"),
                        query("ROLLBACK"),
                        query("SELECT * FROM scratch"),
                        ready(5)),
                sequence(
                        "queries after terminate are not served",
                        query("SELECT 1"),
                        terminate(),
                        query("SELECT 2"),
                        ready(),
                        end()),
                sequence("terminate", query("SELECT 1"), ready(), terminate(), end()),
                sequence(
                        "half close after a query", query("SELECT 1"), halfClose(), ready(), end()),
                sequence("half close when idle", query("SELECT 1"), ready(), halfClose(), end()),
                sequence(
                        "byte by byte",
                        pieces(1),
                        query("SELECT 1"),
                        query("SELECT * FROM item ORDER BY id"),
                        ready(2)),
                sequence(
                        "pieces of seven bytes",
                        pieces(7),
                        query("SELECT name FROM item ORDER BY id"),
                        query("SELECT 1/0"),
                        query("SELECT 'Ünïcödé ✓'"),
                        ready(3)),
                sequence(
                        "bytes that are not UTF-8",
                        query("SELECT 1"),
                        message('Q', (byte) 0x80, (byte) 0xff, (byte) 0),
                        query("SELECT 2"),
                        ready(3)),
                sequence(
                        "procedure that commits",
                        query("CALL commit_inside()"),
                        ready(),
                        query("SELECT * FROM scratch ORDER BY id"),
                        ready()),
                sequence(
                        "vacuum outside and inside a transaction",
                        query("VACUUM scratch"),
                        query("BEGIN; VACUUM scratch"),
                        query("ROLLBACK"),
                        ready(3)),
                sequence(
                                "two clients in turn",
                                as("a"),
                                query("INSERT INTO scratch VALUES (1, 'a')"),
                                ready(),
                                as("b"),
                                query("UPDATE scratch SET name = 'b' RETURNING *"),
                                ready(),
                                as("a"),
                                query("SELECT * FROM scratch"),
                                ready())
                        .onServers(2),
                sequence(
                                "two clients in two transactions",
                                as("a"),
                                query("BEGIN; INSERT INTO scratch VALUES (1, 'a')"),
                                ready(),
                                as("b"),
                                query("BEGIN; SELECT * FROM scratch"),
                                ready(),
                                as("a"),
                                query("COMMIT"),
                                ready(),
                                as("b"),
                                query("SELECT * FROM scratch; COMMIT"),
                                ready())
                        .onServers(2));
    }

    private static final String TYPES =
            "SELECT 1::int2, 2::int8, 1.5::numeric, 1.5::float4, 2.5::float8, true, 'x'::\"char\","
                    + " '\\xdeadbeef'::bytea, '2024-02-29'::date, '12:34:56'::time,"
                    + " '2024-02-29 12:34:56+00'::timestamptz, '1 day 2 hours'::interval,"
                    + " '{1,2,NULL}'::int[], '{\"a\": [1]}'::jsonb, ROW(1, 'x'),"
                    + " '(1,2)'::point, '10.0.0.1/8'::inet,"
                    + " '00000000-0000-0000-0000-000000000001'::uuid, '101'::bit(3), 'void'::text,"
                    + " int4range(1, 5), 'a b'::tsvector";
}
