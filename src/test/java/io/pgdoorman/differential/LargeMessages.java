package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Messages and results far greater than any buffer, and long pipelines. */
final class LargeMessages {
    private static final String MEGABYTE = "0123456789abcdef".repeat(65_536);

    private LargeMessages() {}

    static List<Sequence> sequences() {
        return List.of(
                sequence(
                        "row of 5 MB",
                        query("SELECT repeat('x', 5000000), 1"),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "three rows of 8 MB",
                        query("SELECT repeat(n::text, 8000000) FROM generate_series(1, 3) n"),
                        ready()),
                sequence(
                        "row of 5 MB by the extended protocol",
                        run("SELECT repeat('x', 5000000)"),
                        run("SELECT 1"),
                        sync(),
                        ready()),
                sequence(
                        "row of 1600 columns",
                        query(
                                "SELECT "
                                        + IntStream.range(0, 1600)
                                                .mapToObj(i -> "'column " + i + "'")
                                                .collect(Collectors.joining(","))),
                        ready()),
                sequence(
                        "20 000 rows",
                        query("SELECT n, 'row ' || n FROM generate_series(1, 20000) n"),
                        ready()),
                sequence(
                        "row sizes around powers of two",
                        query(
                                "SELECT repeat('x', (2 ^ e)::int + d) FROM generate_series(8, 17) e, generate_series(-30, 2) d"),
                        ready()),
                sequence(
                        "query of 3 MB",
                        query("SELECT length('" + MEGABYTE.repeat(3) + "')"),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "parameter of 5 MB",
                        run("SELECT length($1::text)", MEGABYTE.repeat(5)),
                        sync(),
                        ready()),
                sequence(
                        "parameter of 2 MB there and back",
                        run("SELECT $1::text", MEGABYTE.repeat(2)),
                        sync(),
                        run("SELECT 1"),
                        sync(),
                        ready(2)),
                sequence(
                        "a thousand parameters",
                        run(
                                "SELECT "
                                        + IntStream.rangeClosed(1, 1000)
                                                .mapToObj(i -> "$" + i + "::int")
                                                .collect(Collectors.joining("+")),
                                IntStream.range(0, 1000)
                                        .mapToObj(Integer::toString)
                                        .toArray(String[]::new)),
                        sync(),
                        ready()),
                sequence(
                        "a thousand queries in one packet",
                        times(1000, query("SELECT 1")),
                        ready(1000)),
                sequence(
                        "a thousand cycles in one packet",
                        times(1000, all(run("SELECT 1"), sync())),
                        ready(1000)),
                sequence(
                        "a thousand statements and one Sync",
                        times(1000, run("SELECT 1")),
                        sync(),
                        ready()),
                sequence(
                        "two hundred pipelined answers of 100 KB",
                        times(200, query("SELECT repeat('x', 100000)")),
                        ready(200)),
                sequence(
                        "a thousand pipelined queries with a transaction each",
                        times(
                                250,
                                all(
                                        query("BEGIN"),
                                        query("SELECT 1"),
                                        query("SELECT 1/0"),
                                        query("ROLLBACK"))),
                        ready(1000)),
                sequence(
                        "error of 1 MB",
                        query("DO $$BEGIN RAISE EXCEPTION '%', repeat('x', 1000000); END$$"),
                        ready()),
                sequence(
                        "notice of 1 MB",
                        query("DO $$BEGIN RAISE NOTICE '%', repeat('x', 1000000); END$$"),
                        ready()),
                sequence(
                        "copy out of 20 MB",
                        query(
                                "COPY (SELECT repeat('x', 10000) FROM generate_series(1, 2000)) TO STDOUT"),
                        ready()),
                sequence(
                        "copy out of rows of 5 MB",
                        query(
                                "COPY (SELECT repeat('x', 5000000) FROM generate_series(1, 2)) TO STDOUT"),
                        ready()),
                sequence(
                        "copy in of 10 MB",
                        query("COPY scratch FROM STDIN"),
                        until('G'),
                        times(200, copyData(("1\t" + "x".repeat(50_000) + "\n"))),
                        copyDone(),
                        ready(),
                        query("SELECT count(*), sum(length(name)) FROM scratch"),
                        ready()),
                sequence(
                        "copy in of one message of 5 MB",
                        query("COPY scratch FROM STDIN"),
                        until('G'),
                        copyData("1\t" + MEGABYTE.repeat(5) + "\n"),
                        copyDone(),
                        ready(),
                        query("SELECT length(name) FROM scratch"),
                        ready()),
                sequence(
                        "copy in of 20 000 small messages",
                        query("COPY scratch FROM STDIN"),
                        until('G'),
                        times(20_000, copyData("1\tx\n")),
                        copyDone(),
                        ready(),
                        query("SELECT count(*) FROM scratch"),
                        ready()),
                sequence(
                        "dropped in a row of 20 MB, and a new client",
                        query("SELECT repeat('x', 20000000)"),
                        until('T'),
                        drop(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "dropped in a query of 3 MB, and a new client",
                        halfOfALargeQuery(),
                        drop(),
                        query("SELECT 1"),
                        ready()));
    }

    private static Sequence.Send halfOfALargeQuery() {
        byte[] whole = io.pgdoorman.testing.Frontend.query("SELECT '" + MEGABYTE.repeat(3) + "'");
        return bytes(java.util.Arrays.copyOf(whole, whole.length / 2));
    }
}
