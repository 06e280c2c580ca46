package io.pgdoorman.differential;

import static io.pgdoorman.differential.Sequence.sequence;
import static io.pgdoorman.differential.Steps.*;

import java.util.List;

/** NotificationResponse, NoticeResponse and ParameterStatus when nobody asked. */
final class AsynchronousMessages {
    private AsynchronousMessages() {}

    static List<Sequence> sequences() {
        return List.of(
                sequence(
                        "NOTIFY to nobody",
                        query("NOTIFY news, 'x'"),
                        query("SELECT pg_notify('news', 'y')"),
                        ready(2)),
                sequence(
                                "NOTIFY to itself",
                                query("LISTEN news"),
                                query("NOTIFY news, 'one'"),
                                query("SELECT 1"),
                                query("UNLISTEN news"),
                                query("NOTIFY news, 'two'"),
                                ready(5))
                        .inSession(),
                sequence(
                        "NOTIFY to itself in one Query",
                        query("LISTEN news; NOTIFY news, 'x'"),
                        ready()),
                sequence(
                                "NOTIFY at commit",
                                query("LISTEN news"),
                                query("BEGIN"),
                                query("NOTIFY news, 'x'"),
                                query("SELECT 1"),
                                query("COMMIT"),
                                ready(5))
                        .inSession(),
                sequence(
                        "LISTEN and NOTIFY in one transaction",
                        query("BEGIN; LISTEN news"),
                        query("NOTIFY news, 'x'"),
                        query("COMMIT"),
                        ready(3)),
                sequence(
                                "NOTIFY rolled back",
                                query("LISTEN news"),
                                query("BEGIN; NOTIFY news, 'x'; ROLLBACK"),
                                query("SELECT 1"),
                                ready(3))
                        .inSession(),
                sequence(
                                "NOTIFY of another client while idle",
                                as("a"),
                                query("LISTEN news"),
                                ready(),
                                as("b"),
                                query("NOTIFY news, 'from b'"),
                                ready(),
                                as("a"),
                                until('A'),
                                query("SELECT 1"),
                                ready())
                        .inSession()
                        .onServers(2),
                sequence(
                                "many NOTIFYs of another client while idle",
                                as("a"),
                                query("LISTEN news"),
                                ready(),
                                as("b"),
                                query(
                                        "SELECT pg_notify('news', n::text) FROM generate_series(1, 50) n"),
                                ready(),
                                as("a"),
                                until('A', 50),
                                query("SELECT 1"),
                                ready())
                        .inSession()
                        .onServers(2),
                sequence(
                                "NOTIFY of another client during a transaction",
                                as("a"),
                                query("LISTEN news"),
                                query("BEGIN"),
                                ready(2),
                                as("b"),
                                query("NOTIFY news, 'from b'"),
                                ready(),
                                as("a"),
                                query("SELECT 1"),
                                ready(),
                                query("COMMIT"),
                                until('A'))
                        .inSession()
                        .onServers(2),
                sequence(
                                "LISTEN by the extended protocol",
                                run("LISTEN news"),
                                sync(),
                                run("NOTIFY news, 'x'"),
                                sync(),
                                ready(2))
                        .inSession(),
                sequence(
                        "channels with odd names",
                        query("LISTEN \"a b\"; NOTIFY \"a b\"; UNLISTEN *"),
                        ready()),
                sequence(
                        "long payload",
                        query("LISTEN news; SELECT pg_notify('news', repeat('x', 7999))"),
                        ready()),
                sequence(
                        "payload that is too long",
                        query("SELECT pg_notify('news', repeat('x', 8000))"),
                        ready()),
                sequence(
                                "what a client listens to",
                                query("LISTEN b"),
                                query("LISTEN a"),
                                query("SELECT pg_listening_channels()"),
                                query("UNLISTEN *"),
                                query("SELECT pg_listening_channels()"),
                                ready(5))
                        .inSession(),
                sequence(
                        "notices of every level",
                        query(
                                "DO $$BEGIN RAISE DEBUG 'd'; RAISE LOG 'l'; RAISE INFO 'i'; RAISE NOTICE 'n'; RAISE WARNING 'w'; END$$"),
                        ready()),
                sequence(
                        "notices of every level, more wanted",
                        query("BEGIN; SET LOCAL client_min_messages TO debug1"),
                        ready(),
                        query("DO $$BEGIN RAISE DEBUG 'd'; RAISE LOG 'l'; RAISE INFO 'i'; END$$"),
                        ready(),
                        query("COMMIT"),
                        ready()),
                sequence(
                        "a thousand notices",
                        query(
                                "DO $$BEGIN FOR n IN 1..1000 LOOP RAISE NOTICE 'number %', n; END LOOP; END$$"),
                        ready()),
                sequence(
                        "notices among rows",
                        query("SELECT id, shout(name) FROM item ORDER BY id"),
                        ready()));
    }
}
