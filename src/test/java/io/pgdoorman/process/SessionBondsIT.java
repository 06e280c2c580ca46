package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.RestartingPooler;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

/** The setting {@code session_state}: what becomes of a client that leaves state behind. */
class SessionBondsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final RestartingPooler POOLER =
            new RestartingPooler(
                    PoolerProcess.builder()
                            .pool("pin", settings("pin"), user())
                            .pool("warn", settings("warn"), user())
                            .pool("reject", settings("reject"), user())
                            .pool("ignore", settings("ignore"), user()));

    private static String settings(String sessionState) {
        return PoolerProcess.Builder.serverSettings(SERVER, "postgres", "transaction")
                + """
                session_state = "%s"
                session_state_notice = %b
                """
                        .formatted(sessionState, !sessionState.equals("ignore"));
    }

    private static String user() {
        return PoolerProcess.Builder.user(PostgresServer.APP, 3);
    }

    @BeforeAll
    static void requirements() {
        Requirement.packagedProgram();
    }

    @AfterAll
    static void stop() {
        POOLER.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "LISTEN news",
                "PREPARE p AS SELECT 1",
                "SELECT pg_advisory_lock(4711)",
                "CREATE TEMP TABLE t (a int)",
                "SET work_mem = '5MB'",
                "/* for now */ set session work_mem = '5MB'",
                "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; COMMIT"
            })
    void aClientThatLeavesStateKeepsItsServer(String sql) {
        POOLER.run(
                pooler -> {
                    try (var client = pooler.client().login(PostgresServer.APP, "pin")) {
                        String before = client.queryValue("SELECT pg_backend_pid()");

                        assertThat(texts(client.query(sql))).doesNotContain("ERROR");

                        occupyOthers(pooler, "pin");
                        assertThat(client.queryValue("SELECT pg_backend_pid()")).isNotEmpty();
                        String pinned = client.queryValue("SELECT pg_backend_pid()");
                        for (int i = 0; i < 5; i++) {
                            assertThat(client.queryValue("SELECT pg_backend_pid()"))
                                    .as("was %s at first", before)
                                    .isEqualTo(pinned);
                        }
                        pooler.handOver();
                        assertThat(client.queryValue("SELECT pg_backend_pid()")).isEqualTo(pinned);
                        assertThat(pooler.log()).contains("the client keeps its server");
                    }
                });
    }

    /** Other clients turn the order of the idle servers about. */
    private static void occupyOthers(PoolerProcess pooler, String pool) {
        try (var one = pooler.client().login(PostgresServer.APP, pool);
                var other = pooler.client().login(PostgresServer.APP, pool)) {
            one.query("BEGIN");
            other.query("BEGIN");
            one.query("COMMIT");
            other.query("COMMIT");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SET LOCAL work_mem = '5MB'",
                "SET TimeZone = 'UTC'",
                "SET TRANSACTION READ ONLY",
                "set time zone 'Europe/Rome'",
                "SET NAMES 'UTF8'",
                "SET session application_name TO 'a'",
                "SELECT 1",
                "BEGIN; SELECT 1; ROLLBACK"
            })
    void whatFollowsTheClientBindsItNot(String sql) {
        POOLER.run(
                pooler -> {
                    try (var client = pooler.client().login(PostgresServer.APP, "reject")) {
                        client.query(sql);

                        assertThat(client.queryValue("SELECT 'goes on'")).isEqualTo("goes on");
                    }
                });
    }

    @Test
    void aClientIsWarnedAndGoesOn() {
        POOLER.run(
                pooler -> {
                    try (var client = pooler.client().login(PostgresServer.APP, "warn")) {
                        client.query("LISTEN news");

                        List<Message> next = client.query("SELECT 1");

                        assertThat(texts(next)).contains("session state in transaction mode");
                        assertThat(pooler.log())
                                .contains(
                                        "session state in transaction mode: LISTEN; it is removed");
                    }
                });
    }

    @Test
    void aClientIsTurnedAway() {
        POOLER.run(
                pooler -> {
                    try (var client = pooler.client().login(PostgresServer.APP, "reject")) {
                        client.query("LISTEN news");

                        assertThat(texts(client.readUntilEnd()))
                                .contains("session state is not allowed in this pool: LISTEN")
                                .contains("0A000");
                    }
                });
    }

    @Test
    void nothingIsSaidIfNobodyCares() {
        POOLER.run(
                pooler -> {
                    try (var client = pooler.client().login(PostgresServer.APP, "ignore")) {
                        client.query("LISTEN news");

                        assertThat(texts(client.query("SELECT 1"))).doesNotContain("session state");
                    }
                });
    }

    private static String texts(List<Message> messages) {
        return messages.toString();
    }
}
