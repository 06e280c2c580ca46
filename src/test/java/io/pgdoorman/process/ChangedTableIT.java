package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.RestartingPooler;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

/** A table changes under a prepared statement: "cached plan must not change result type". */
class ChangedTableIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("changed");
    private static final RestartingPooler POOLER =
            new RestartingPooler(
                    PoolerProcess.builder().pool("changed", SERVER, DATABASE, "transaction", 1));

    @BeforeAll
    static void requirements() {
        Requirement.packagedProgram();
    }

    @AfterAll
    static void stop() {
        POOLER.close();
    }

    @BeforeEach
    void createTable() {
        SERVER.execute(
                DATABASE,
                "DROP TABLE IF EXISTS t",
                "CREATE TABLE t (a int)",
                "INSERT INTO t VALUES (1)",
                "GRANT ALL ON t TO " + PostgresServer.APP);
    }

    private static void change() {
        SERVER.execute(DATABASE, "ALTER TABLE t ADD b text DEFAULT 'new'");
    }

    private static List<Message> run(WireClient client, String statement) {
        client.send(
                Frontend.bind("", statement),
                Frontend.describePortal(""),
                Frontend.execute("", 0),
                Frontend.sync());
        return client.readUntilReady();
    }

    private static void prepare(WireClient client, String statement) {
        client.send(Frontend.parse(statement, "SELECT * FROM t"), Frontend.sync());
        assertThat(types(client.readUntilReady())).isEqualTo("1Z");
        assertThat(types(run(client, statement))).isEqualTo("2TDCZ");
    }

    private static String types(List<Message> messages) {
        var types = new StringBuilder();
        messages.forEach(message -> types.append(message.type()));
        return types.toString();
    }

    private static WireClient client(PoolerProcess pooler) {
        return pooler.client().login(PostgresServer.APP, "changed");
    }

    @Test
    void outsideOfATransactionNobodyNotices() {
        POOLER.run(
                pooler -> {
                    try (var one = client(pooler);
                            var other = client(pooler)) {
                        prepare(one, "s");
                        prepare(other, "s");
                        change();

                        for (WireClient client : List.of(one, other, one)) {
                            List<Message> answer = run(client, "s");
                            assertThat(types(answer)).isEqualTo("2TDCZ");
                            assertThat(answer.get(2).columns()).containsExactly("1", "new");
                        }
                    }
                });
    }

    /** It would get columns it does not know. */
    @Test
    void whoDoesNotAskForTheColumnsGetsTheErrorOnce() {
        POOLER.run(
                pooler -> {
                    try (var client = client(pooler)) {
                        prepare(client, "s");
                        change();

                        client.send(
                                Frontend.bind("", "s"), Frontend.execute("", 0), Frontend.sync());

                        List<Message> failed = client.readUntilReady();
                        assertThat(failed.getFirst().sqlState()).isEqualTo("0A000");
                        assertThat(types(run(client, "s"))).isEqualTo("2TDCZ");
                    }
                });
    }

    @Test
    void withinATransactionItFailsAsInPostgresAndTheNextUseWorks() {
        POOLER.run(
                pooler -> {
                    try (var client = client(pooler)) {
                        prepare(client, "s");
                        change();
                        client.query("BEGIN");

                        List<Message> failed = run(client, "s");

                        assertThat(types(failed)).isEqualTo("EZ");
                        assertThat(failed.getFirst().sqlState()).isEqualTo("0A000");
                        client.query("ROLLBACK");
                        assertThat(types(run(client, "s"))).isEqualTo("2TDCZ");
                    }
                });
    }

    @Test
    void aDriverThatHealsItselfNeverGetsTheOldPlan() {
        POOLER.run(
                pooler -> {
                    try (var client = client(pooler);
                            var other = client(pooler)) {
                        prepare(client, "s");
                        prepare(other, "of another client");
                        change();
                        client.query("BEGIN");
                        assertThat(types(run(client, "s"))).isEqualTo("EZ");
                        client.query("ROLLBACK");

                        client.send(
                                Frontend.closeStatement("s"),
                                Frontend.parse("s2", "SELECT * FROM t"),
                                Frontend.bind("", "s2"),
                                Frontend.execute("", 0),
                                Frontend.sync());

                        assertThat(types(client.readUntilReady())).isEqualTo("312DCZ");
                        assertThat(types(run(other, "of another client"))).isEqualTo("2TDCZ");
                    }
                });
    }

    @Test
    void aTableThatIsGoneIsAnErrorAndComesBack() {
        POOLER.run(
                pooler -> {
                    try (var client = client(pooler)) {
                        prepare(client, "s");
                        SERVER.execute(DATABASE, "DROP TABLE t");

                        List<Message> failed = run(client, "s");

                        assertThat(failed.getFirst().sqlState()).isEqualTo("42P01");
                        createTable();
                        change();
                        assertThat(types(run(client, "s"))).isEqualTo("2TDCZ");
                        assertThat(client.queryValue("SELECT 'goes on'")).isEqualTo("goes on");
                    }
                });
    }

    @Test
    void aPipelineBehindItIsAnsweredInOrder() {
        POOLER.run(
                pooler -> {
                    try (var client = client(pooler)) {
                        prepare(client, "s");
                        change();

                        client.send(
                                Frontend.concat(
                                        Frontend.bind("", "s"),
                                        Frontend.execute("", 0),
                                        Frontend.sync(),
                                        Frontend.query("SELECT 1")));

                        String first = types(client.readUntilReady());
                        assertThat(first).isEqualTo("EZ");
                        assertThat(types(client.readUntilReady())).isEqualTo("TDCZ");
                        assertThat(types(run(client, "s"))).isEqualTo("2TDCZ");
                    }
                });
    }
}
