package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import io.pgdoorman.testing.Frontend;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** COPY in both directions and both protocols, with errors from either end. */
final class Copies {
    private static final String IN = "COPY scratch FROM STDIN";
    private static final String OUT = "COPY item TO STDOUT";
    private static final Sequence.Send ROWS =
            all(copyData("1\ta\n"), copyData("2\tb\n3\t"), copyData("c\n"));

    private Copies() {}

    static List<Sequence> sequences() {
        return List.of(
                sequence("out", query(OUT), ready()),
                sequence(
                        "out as CSV with header",
                        query("COPY item TO STDOUT (FORMAT csv, HEADER)"),
                        ready()),
                sequence("out in binary", query("COPY item TO STDOUT (FORMAT binary)"), ready()),
                sequence(
                        "out of a query without rows",
                        query("COPY (SELECT 1 WHERE false) TO STDOUT"),
                        ready()),
                sequence(
                        "out, then an error",
                        query("COPY (SELECT 10 / (3 - id) FROM item ORDER BY id) TO STDOUT"),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence("out by the extended protocol", run(OUT), sync(), ready()),
                sequence(
                        "out by the extended protocol, without Describe",
                        parse(OUT),
                        bind(),
                        execute(),
                        sync(),
                        ready()),
                sequence(
                        "out by the extended protocol, among others",
                        run("SELECT 1"),
                        run(OUT),
                        run("SELECT 2"),
                        sync(),
                        ready()),
                sequence(
                        "out by the extended protocol, with an error",
                        run("COPY (SELECT 10 / (3 - id) FROM item ORDER BY id) TO STDOUT"),
                        run("SELECT 1"),
                        sync(),
                        ready()),
                sequence(
                        "out by the extended protocol, read by Flush",
                        run(OUT),
                        flush(),
                        until('C'),
                        sync(),
                        ready()),
                sequence("several outs of one Query", query(OUT + "; SELECT 1; " + OUT), ready()),
                sequence(
                        "out in a transaction",
                        query("BEGIN"),
                        query(OUT),
                        query("COMMIT"),
                        ready(3)),
                sequence("in", query(IN), until('G'), ROWS, copyDone(), ready(), count()),
                sequence(
                        "in, everything sent at once",
                        query(IN),
                        ROWS,
                        copyDone(),
                        query("SELECT 1"),
                        ready(2),
                        count()),
                sequence("in without data", query(IN), until('G'), copyDone(), ready()),
                sequence(
                        "in with empty messages",
                        query(IN),
                        until('G'),
                        copyData(""),
                        ROWS,
                        copyData(""),
                        copyDone(),
                        ready(),
                        count()),
                sequence(
                        "in with the old end marker",
                        query(IN),
                        until('G'),
                        ROWS,
                        copyData("\\.\n"),
                        copyDone(),
                        ready(),
                        count()),
                sequence(
                        "in as CSV",
                        query("COPY scratch FROM STDIN (FORMAT csv)"),
                        until('G'),
                        copyData("1,\"a,b\"\n2,\n"),
                        copyDone(),
                        ready(),
                        count()),
                sequence(
                        "in in binary",
                        query("COPY scratch FROM STDIN (FORMAT binary)"),
                        until('G'),
                        copyData(binaryRows()),
                        copyDone(),
                        ready(),
                        count()),
                sequence(
                        "in in binary, not a binary file",
                        query("COPY scratch FROM STDIN (FORMAT binary)"),
                        until('G'),
                        ROWS,
                        copyDone(),
                        ready()),
                sequence(
                        "in, failed by the client",
                        query(IN),
                        until('G'),
                        ROWS,
                        copyFail("no more"),
                        ready(),
                        count()),
                sequence(
                        "in, failed by the client at once",
                        query(IN),
                        copyFail(""),
                        ready(),
                        count()),
                sequence(
                        "in, refused by the server",
                        query("COPY nowhere FROM STDIN"),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "in, refused by the server, data sent nevertheless",
                        query("COPY nowhere FROM STDIN"),
                        ROWS,
                        copyDone(),
                        query("SELECT 1"),
                        ready(2)),
                sequence(
                        "in, error in the middle",
                        query(IN),
                        until('G'),
                        copyData("1\ta\nx\tb\n"),
                        ready(),
                        count()),
                sequence(
                        "in, error in the middle, the rest sent nevertheless",
                        query(IN),
                        until('G'),
                        copyData("x\n"),
                        ROWS,
                        copyDone(),
                        ready(),
                        query("SELECT 1"),
                        ready(),
                        count()),
                sequence(
                        "in, error in the middle, everything sent at once",
                        query(IN),
                        copyData("x\n"),
                        ROWS,
                        copyDone(),
                        query("SELECT 1"),
                        ready(2),
                        count()),
                sequence(
                        "in, error in the middle, the client fails it then",
                        query(IN),
                        until('G'),
                        copyData("x\n"),
                        until('E'),
                        copyFail("me too"),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "in, error at its end",
                        query(IN),
                        until('G'),
                        copyData("1000\tx\n"),
                        copyDone(),
                        ready(),
                        count()),
                sequence(
                        "in in a transaction, error, rollback",
                        query("BEGIN"),
                        query(IN),
                        until('G'),
                        copyData("x\n"),
                        copyDone(),
                        ready(),
                        query("ROLLBACK"),
                        ready(),
                        count()),
                sequence(
                        "in in a transaction",
                        query("BEGIN"),
                        ready(),
                        query(IN),
                        until('G'),
                        ROWS,
                        copyDone(),
                        ready(),
                        query("ROLLBACK"),
                        ready(),
                        count()),
                sequence(
                        "several ins of one Query",
                        query(IN + "; SELECT 1; " + IN),
                        until('G'),
                        copyData("1\ta\n"),
                        copyDone(),
                        until('G'),
                        copyData("2\tb\n"),
                        copyDone(),
                        ready(),
                        count()),
                sequence(
                        "several ins of one Query, sent at once",
                        query(IN + "; " + IN),
                        copyData("1\ta\n"),
                        copyDone(),
                        copyData("2\tb\n"),
                        copyDone(),
                        ready(),
                        count()),
                sequence(
                        "several ins of one Query, the first fails",
                        query(IN + "; " + IN),
                        until('G'),
                        copyFail("stop"),
                        ready(),
                        count()),
                sequence(
                        "several ins of one Query, the first fails, sent at once",
                        query(IN + "; " + IN),
                        copyData("1\ta\n"),
                        copyFail("stop"),
                        copyData("2\tb\n"),
                        copyDone(),
                        query("SELECT 1"),
                        ready(2),
                        count()),
                sequence(
                        "in and out of one Query",
                        query(IN + "; COPY scratch TO STDOUT; " + IN),
                        until('G'),
                        ROWS,
                        copyDone(),
                        until('G'),
                        copyData("9\tz\n"),
                        copyDone(),
                        ready(),
                        count()),
                sequence(
                        "in byte by byte",
                        pieces(1),
                        query(IN),
                        ROWS,
                        copyDone(),
                        ready(),
                        run(IN),
                        ROWS,
                        copyDone(),
                        sync(),
                        ready(),
                        count()),
                sequence(
                        "copy messages without a copy",
                        ROWS,
                        copyDone(),
                        copyFail("x"),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "copy messages in a batch",
                        parse("SELECT 1"),
                        ROWS,
                        copyDone(),
                        bind(),
                        copyFail("x"),
                        execute(),
                        sync(),
                        ready()),
                sequence("Query during an in", query(IN), until('G'), query("SELECT 1"), end()),
                sequence("dropped during an in", query(IN), until('G'), ROWS, drop(), count()),
                sequence("reset during an in", query(IN), until('G'), ROWS, reset(), count()),
                sequence(
                        "dropped during an in of the extended protocol",
                        run(IN),
                        flush(),
                        until('G'),
                        ROWS,
                        drop(),
                        count()),
                sequence(
                        "dropped during an out",
                        query(
                                "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000)) TO STDOUT"),
                        until('H'),
                        drop(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "reset during an out",
                        query(
                                "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000)) TO STDOUT"),
                        until('d'),
                        reset(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                                "in that waits for its client, another works",
                                query(IN),
                                until('G'),
                                as("b"),
                                query("SELECT 1"),
                                ready(),
                                as("a"),
                                ROWS,
                                copyDone(),
                                ready())
                        .onServers(2));
    }

    private static Sequence.Step count() {
        return stage -> stage.record(stage.client().query("SELECT * FROM scratch ORDER BY id"));
    }

    private static byte[] binaryRows() {
        byte[] signature = "PGCOPY\n\377\r\n\0".getBytes(StandardCharsets.ISO_8859_1);
        byte[] one = {0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 2, 'h', 'i'};
        byte[] two = {0, 2, 0, 0, 0, 4, 0, 0, 0, 8, -1, -1, -1, -1};
        return Frontend.concat(signature, new byte[8], one, two, new byte[] {-1, -1});
    }
}
