package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.Test;

import java.time.Duration;

/** SIGUSR1: what the process says about itself. */
class DiagnosticsIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    void tellsWhatItsClientsAndPoolsDo() {
        Requirement.packagedProgram();
        PostgresServer server = PostgresServer.shared();
        try (PoolerProcess pooler =
                        PoolerProcess.builder()
                                .pool("app", server, "postgres", "transaction", 1)
                                .start();
                WireClient busy = pooler.client().login(PostgresServer.APP, "app");
                WireClient waiting = pooler.client().login(PostgresServer.APP, "app");
                WireClient idle = pooler.client().login(PostgresServer.APP, "app")) {
            assertThat(idle.query("SELECT 1")).isNotEmpty();
            busy.query("BEGIN");
            waiting.send(Frontend.query("SELECT 1"));
            assertThat(waiting.isSilentFor(Duration.ofMillis(200))).isTrue();

            pooler.signal("USR1");

            await().atMost(LIMIT).until(() -> pooler.log().contains("threads: {"));
            assertThat(pooler.log())
                    .contains(
                            "3 connections, logged in {idle=1, in transaction=1, waiting=1}",
                            "pool %s@app: 1 servers of 1, 0 idle, 1 clients waiting"
                                    .formatted(PostgresServer.APP),
                            "memory: heap",
                            "descriptors:");
            assertThat(busy.query("COMMIT")).isNotEmpty();
            assertThat(waiting.readUntilReady()).isNotEmpty();
        }
    }
}
