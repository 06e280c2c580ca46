package io.pgdoorman.differential;

import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.PostgresServer;

import java.time.Duration;

/** The database all sequences are played in. Threads: any. */
final class Database {
    static final String NAME = "differential";

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private Database() {}

    /** Creates it; what sequences write, {@link #restore} takes back. */
    static void create(PostgresServer server) {
        server.execute("postgres", "CREATE DATABASE " + NAME);
        server.execute(
                NAME,
                "GRANT ALL ON SCHEMA public TO " + PostgresServer.APP,
                "CREATE TABLE item (id int PRIMARY KEY, name text)",
                "INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 10) n",
                "CREATE TABLE scratch (id int CHECK (id < 1000), name text)",
                "CREATE TABLE strict (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
                """
                CREATE FUNCTION shout(what text) RETURNS int LANGUAGE plpgsql AS $$
                BEGIN RAISE NOTICE 'hear %', what USING DETAIL = 'loud', HINT = 'hush'; RETURN 1; END $$
                """,
                """
                CREATE FUNCTION fail(what text) RETURNS int LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'bad %', what USING ERRCODE = 'P7777'; END $$
                """,
                "CREATE PROCEDURE commit_inside() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO scratch"
                        + " VALUES (1, 'in'); COMMIT; INSERT INTO scratch VALUES (2, 'out'); END"
                        + " $$",
                "GRANT ALL ON ALL TABLES IN SCHEMA public TO " + PostgresServer.APP);
    }

    static void restore(PostgresServer server) {
        server.execute(NAME, "DELETE FROM scratch");
    }

    static void awaitRunning(String text) {
        await("a running query with " + text).atMost(LIMIT).until(() -> running(text) > 0);
    }

    static void awaitGone(String text) {
        await("no running query with " + text).atMost(LIMIT).until(() -> running(text) == 0);
    }

    private static int running(String text) {
        return Integer.parseInt(
                PostgresServer.shared()
                        .queryValue(
                                "postgres",
                                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND"
                                        + " usename <> 'postgres' AND strpos(query, '"
                                        + text
                                        + "') > 0"));
    }
}
