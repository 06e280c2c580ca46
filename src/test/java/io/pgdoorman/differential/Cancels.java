package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;
import static io.pgdoorman.testing.Frontend.PROTOCOL_3_2;

import java.util.List;

/** CancelRequests for queries that run and for clients that do nothing. */
final class Cancels {
    private Cancels() {}

    static List<Sequence> sequences() {
        return List.of(
                sequence(
                        "query",
                        query("SELECT pg_sleep(60) /* cancel 1 */"),
                        awaitRunning("cancel 1"),
                        cancel("a"),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "query of the extended protocol",
                        run("SELECT pg_sleep(60) /* cancel 2 */"),
                        sync(),
                        awaitRunning("cancel 2"),
                        cancel("a"),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "query in a pipeline",
                        run("SELECT 1"),
                        run("SELECT pg_sleep(60) /* cancel 3 */"),
                        run("SELECT 2"),
                        sync(),
                        run("SELECT 3"),
                        sync(),
                        awaitRunning("cancel 3"),
                        cancel("a"),
                        ready(2)),
                sequence(
                        "query in a transaction",
                        query("BEGIN"),
                        query("SELECT pg_sleep(60) /* cancel 4 */"),
                        awaitRunning("cancel 4"),
                        cancel("a"),
                        ready(2),
                        query("SELECT 1"),
                        query("ROLLBACK"),
                        ready(2)),
                sequence(
                        "one of several queries",
                        query("SELECT 1"),
                        query("SELECT pg_sleep(60) /* cancel 5 */"),
                        query("SELECT 2"),
                        awaitRunning("cancel 5"),
                        cancel("a"),
                        ready(3)),
                sequence(
                        "copy in that waits for data",
                        query("COPY scratch FROM STDIN /* cancel 6 */"),
                        until('G'),
                        awaitRunning("cancel 6"),
                        cancel("a"),
                        copyData("1\ta\n"),
                        copyDone(),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "after an SSLRequest",
                        query("SELECT pg_sleep(60) /* cancel 7 */"),
                        awaitRunning("cancel 7"),
                        cancelAfterSslRequest("a"),
                        ready()),
                sequence(
                        "protocol 3.2",
                        loginWith(PROTOCOL_3_2),
                        query("SELECT pg_sleep(60) /* cancel 8 */"),
                        awaitRunning("cancel 8"),
                        cancel("a"),
                        ready(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                                "idle client",
                                query("SELECT 1"),
                                ready(),
                                cancel("a"),
                                cancel("a"),
                                as("b"),
                                query("SELECT 2"),
                                ready())
                        .onServers(2),
                sequence(
                                "one of two clients",
                                as("a"),
                                query("SELECT pg_sleep(60) /* cancel 9 */"),
                                awaitRunning("cancel 9"),
                                as("b"),
                                query("BEGIN; SELECT 'untouched'"),
                                ready(),
                                cancel("a"),
                                query("SELECT pg_sleep(0.05), 'untouched'"),
                                ready(),
                                as("a"),
                                ready(),
                                query("SELECT 1"),
                                ready(),
                                as("b"),
                                query("COMMIT"),
                                ready())
                        .onServers(2),
                sequence(
                                "wait for a lock",
                                as("a"),
                                query("BEGIN; LOCK TABLE scratch"),
                                ready(),
                                as("b"),
                                query("SELECT count(*) FROM scratch /* cancel 10 */"),
                                awaitRunning("cancel 10"),
                                cancel("b"),
                                ready(),
                                as("a"),
                                query("COMMIT"),
                                ready())
                        .onServers(2),
                sequence(
                        "dropped during a query, and a new client",
                        query("SELECT pg_sleep(1) /* drop 1 */"),
                        awaitRunning("drop 1"),
                        drop(),
                        query("SELECT 1"),
                        ready()),
                sequence(
                        "reset during a query, and a new client",
                        query("SELECT pg_sleep(1) /* drop 2 */"),
                        awaitRunning("drop 2"),
                        reset(),
                        query("SELECT 1"),
                        ready()));
    }
}
