package io.pgdoorman.process.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** That the harness finds what it is there to find, shown with handovers that are none. */
class LoadHarnessIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static final Duration SHORT = Duration.ofMillis(50);
    private final List<Connection> strangers = new ArrayList<>();

    @BeforeAll
    static void requirements() {
        Requirement.packagedProgram();
    }

    @AfterEach
    void closeStrangers() throws SQLException {
        for (Connection stranger : strangers) {
            stranger.close();
        }
    }

    @Test
    void handsOverAsOftenAsToldAndFindsNothingWhereNothingHappens() {
        List<Long> handedOver = new ArrayList<>();

        LoadReport report =
                run(new RandomHandovers(pooler -> handedOver.add(pooler.pid()), 3, SHORT, 5));

        assertThat(report.faults()).as(report.toString()).isEmpty();
        assertThat(report.opened()).isEmpty();
        assertThat(handedOver).hasSize(3);
        assertThat(report.rounds().get(ClientKind.SIMPLE)).isPositive();
        assertThat(report.mostServers()).hasSize(1).containsValue(2);
        assertThat(report.toString()).contains("3 handovers", "seed 5", "seed of the clients: 42");
    }

    @Test
    void findsAServerThatAHandoverOpens() {
        LoadReport report = run(new RandomHandovers(_ -> openServer(), 3, SHORT, 5));

        assertThat(report.faults())
                .as(report.toString())
                .anySatisfy(
                        fault ->
                                assertThat(fault.toString())
                                        .startsWith("handover 1 of 3: new servers: [Server["));
        assertThat(report.opened()).hasSize(1);
    }

    @Test
    void findsMoreServersThanThePoolMayHave() {
        LoadReport report =
                run(
                        harness -> {
                            openServer();
                            boolean _ = harness.workFor(LIMIT);
                        });

        assertThat(report.faults())
                .as(report.toString())
                .singleElement()
                .asString()
                .startsWith("limits: servers above them:")
                .contains("3 of 2");
        assertThat(report.mostServers()).containsValue(3);
    }

    @Test
    void stopsAtAHandoverThatFails() {
        LoadReport report =
                run(
                        new RandomHandovers(
                                _ -> {
                                    throw new IllegalStateException("no successor");
                                },
                                1_000_000,
                                SHORT,
                                5));

        assertThat(report.faults())
                .containsExactly(
                        new Fault(
                                "handover 1 of 1000000",
                                "java.lang.IllegalStateException: no successor"));
    }

    @Test
    void findsThatClientsLoseTheirConnections() {
        LoadReport report = run(new RandomHandovers(LoadHarnessIT::stop, 2, SHORT, 5));

        assertThat(report.faults())
                .as(report.toString())
                .filteredOn(fault -> fault.who().startsWith("SIMPLE"))
                .isNotEmpty(); // one that rests may be told to stop before its next query
        assertThat(report.faults())
                .filteredOn(fault -> fault.who().startsWith("SILENT"))
                .hasSize(1);
    }

    private static LoadReport run(Disturbance disturbance) {
        var mix = Map.of(ClientKind.SIMPLE, 2, ClientKind.SILENT, 1);
        try (var harness = new LoadHarness(SERVER, mix, 42)) {
            return harness.run(disturbance);
        }
    }

    private static void stop(PoolerProcess pooler) {
        pooler.signal("TERM");
        pooler.awaitExit(LIMIT);
    }

    /** As a handover would that forgets the servers it has. */
    private void openServer() {
        String database =
                SERVER.queryValue(
                        "postgres",
                        "SELECT datname FROM pg_database WHERE datname LIKE 'load_transaction_2%'"
                                + " ORDER BY oid DESC LIMIT 1");
        try {
            strangers.add(
                    DriverManager.getConnection(SERVER.jdbcUrl(database), PostgresServer.APP, ""));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
