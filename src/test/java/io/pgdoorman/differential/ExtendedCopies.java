package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import java.util.List;

/** COPY FROM STDIN by Parse, Bind and Execute, with Sync where drivers put it. */
final class ExtendedCopies {
    private static final String IN = "COPY scratch FROM STDIN";
    private static final Sequence.Send ROWS =
            all(copyData("1\ta\n"), copyData("2\tb\n3\t"), copyData("c\n"));

    private ExtendedCopies() {}

    static List<Sequence> sequences() {
        return List.of(
                sequence(
                        "in by the extended protocol",
                        run(IN),
                        flush(),
                        until('G'),
                        ROWS,
                        copyDone(),
                        sync(),
                        ready(),
                        count()),
                sequence(
                        "in by the extended protocol, CopyData, CopyDone and Sync at once",
                        run(IN),
                        ROWS,
                        copyDone(),
                        sync(),
                        ready(),
                        count()),
                sequence(
                        "in by the extended protocol, Sync before CopyData",
                        run(IN),
                        sync(),
                        until('G'),
                        ROWS,
                        copyDone(),
                        sync(),
                        ready(),
                        count()),
                sequence(
                        "in by the extended protocol, Sync before CopyData, sent at once",
                        run(IN),
                        sync(),
                        ROWS,
                        copyDone(),
                        sync(),
                        ready(),
                        count()),
                sequence(
                        "in by the extended protocol, Flush among the data",
                        run(IN),
                        flush(),
                        until('G'),
                        copyData("1\ta\n"),
                        flush(),
                        copyData("2\tb\n"),
                        sync(),
                        copyDone(),
                        sync(),
                        ready(),
                        count()),
                sequence(
                        "in by the extended protocol, failed by the client",
                        run(IN),
                        flush(),
                        until('G'),
                        ROWS,
                        copyFail("no"),
                        sync(),
                        ready(),
                        count()),
                sequence(
                        "in by the extended protocol, failed by the client, more before Sync",
                        run(IN),
                        ROWS,
                        copyFail("no"),
                        run("SELECT 1"),
                        sync(),
                        ready(),
                        run("SELECT 2"),
                        sync(),
                        ready()),
                sequence(
                        "in by the extended protocol, error in the middle",
                        run(IN),
                        flush(),
                        until('G'),
                        copyData("x\n"),
                        until('E'),
                        copyData("2\tb\n"),
                        copyDone(),
                        sync(),
                        ready(),
                        count()),
                sequence(
                        "in by the extended protocol, error in the middle, sent at once",
                        run(IN),
                        copyData("x\n"),
                        ROWS,
                        copyDone(),
                        run("SELECT 1"),
                        sync(),
                        run("SELECT 2"),
                        sync(),
                        ready(2),
                        count()),
                sequence(
                        "in by the extended protocol, among others",
                        run("SELECT 1"),
                        run(IN),
                        ROWS,
                        copyDone(),
                        run("SELECT count(*) FROM scratch"),
                        sync(),
                        ready(),
                        count()),
                sequence(
                        "two ins by the extended protocol",
                        run(IN),
                        copyData("1\ta\n"),
                        copyDone(),
                        run(IN),
                        copyData("2\tb\n"),
                        copyDone(),
                        sync(),
                        ready(),
                        count()),
                sequence(
                        "in by the extended protocol, in a transaction",
                        run("BEGIN"),
                        run(IN),
                        ROWS,
                        copyDone(),
                        run("COMMIT"),
                        sync(),
                        ready(),
                        count()));
    }

    private static Sequence.Step count() {
        return stage -> stage.record(stage.client().query("SELECT * FROM scratch ORDER BY id"));
    }
}
