package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

/** {@code pooler_check_query} with PostgreSQL's own answers. */
class CheckQueryIT {
    private static final PostgresServer SERVER = PostgresServer.shared();

    @ParameterizedTest
    @ValueSource(strings = {";", "SELECT 1", "-- ping"})
    void isAnsweredThoughEveryServerIsBusy(String check) {
        Requirement.packagedProgram();
        try (PoolerProcess pooler =
                        PoolerProcess.builder()
                                .general("pooler_check_query", '"' + check + '"')
                                .pool("app", SERVER, "postgres", "transaction", 1)
                                .start();
                WireClient busy = pooler.client().login(PostgresServer.APP, "app");
                WireClient client = pooler.client().login(PostgresServer.APP, "app")) {
            List<Message> fromPostgres = client.query(check);
            busy.query("BEGIN");

            assertThat(client.query(check)).isEqualTo(fromPostgres);
            assertThat(busy.query(check).getLast().type()).as("in a transaction").isEqualTo('Z');
            assertThat(busy.query("COMMIT")).isNotEmpty();
        }
    }

    @Test
    void anEmptySettingSwitchesItOff() {
        Requirement.packagedProgram();
        try (PoolerProcess pooler =
                        PoolerProcess.builder()
                                .general("pooler_check_query", "\"\"")
                                .general("query_wait_timeout", "200")
                                .pool("app", SERVER, "postgres", "transaction", 1)
                                .start();
                WireClient busy = pooler.client().login(PostgresServer.APP, "app");
                WireClient client = pooler.client().login(PostgresServer.APP, "app")) {
            client.query(";");
            busy.query("BEGIN");

            assertThat(client.query(";").getFirst().type()).isEqualTo('E');
        }
    }
}
