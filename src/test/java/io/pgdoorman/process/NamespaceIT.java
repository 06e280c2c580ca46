package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgdoorman.handover.FakePeer;
import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One of two processes is in another container, so that the other one cannot name it: it has no pid
 * there.
 */
@Order(1)
class NamespaceIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("namespaces");
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String POOL = "app";

    @BeforeAll
    static void requirements() {
        Requirement.packagedProgram();
        assumeTrue(Entrypoint.intoNamespace().isPresent(), "no process namespaces here");
    }

    private static PoolerProcess.Builder builder() {
        return PoolerProcess.builder()
                .withoutRehearsal()
                .pool(POOL, SERVER, DATABASE, "transaction", 2);
    }

    private static List<String> inside(List<String> command) {
        var line = new ArrayList<>(Entrypoint.intoNamespace().orElseThrow());
        line.addAll(command);
        return line;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void oneTakesOverFromTheOther(boolean successorInside) {
        var builder = builder();
        try (var pooler =
                        successorInside
                                ? builder.start()
                                : builder.startedBy(inside(List.of("pg_doorman"))).start();
                var client = pooler.client().login(PostgresServer.APP, POOL)) {
            client.query("BEGIN");
            String transaction = client.queryValue("SELECT pg_current_xact_id()");
            List<String> command = TakeoverStage.takeover(pooler.configuration());

            try (var successor =
                    ChildProcess.start(
                            successorInside ? inside(command) : command,
                            PoolerProcess.WITHOUT_REHEARSAL,
                            pooler.socketDirectory())) {
                assertThat(pooler.awaitExit(LIMIT)).isZero();
                await().atMost(LIMIT).until(() -> successor.output().contains("Handover complete"));

                assertThat(client.queryValue("SELECT pg_current_xact_id()")).isEqualTo(transaction);
                try (var other = pooler.client().login(PostgresServer.APP, POOL)) {
                    assertThat(other.queryValue("SELECT 'served'")).isEqualTo("served");
                }
                assertThat(pooler.log() + successor.output())
                        .doesNotContain("is killed")
                        .doesNotContain("by hand")
                        .doesNotContain(" ERROR ");
            }
        }
    }

    // ---- the predecessor fails ------------------------------------------------------------------

    /** What the other process says counts; what it is, nobody knows here. */
    @Test
    void aRefusalEndsTheSuccessor(@TempDir Path directory) throws IOException {
        try (var stage = ready(directory)) {
            stage.predecessor().send("REFUSED", "you were too slow").hangUp();

            assertThat(stage.successor().awaitExit(LIMIT)).isEqualTo(1);
            assertThat(stage.successor().output()).contains("you were too slow");
        }
    }

    /** It may be dead, and then nobody else is left to serve. */
    @ParameterizedTest
    @ValueSource(strings = {"KILL", "STOP"})
    void theSuccessorGoesOnAndSaysWhatItCannotKnow(String signal, @TempDir Path directory)
            throws IOException {
        try (var stage = ready(directory);
                var client = login(stage)) {
            stage.predecessor().signal(signal);

            await().atMost(LIMIT)
                    .until(() -> stage.successor().output().contains("Handover complete"));
            assertThat(client.queryValue("SELECT 'served'")).isEqualTo("served");
            try (var other = login(stage)) {
                assertThat(other.queryValue("SELECT 'served'")).isEqualTo("served");
            }
            assertThat(stage.successor().output())
                    .contains("this process goes on with the clients")
                    .contains("the predecessor may still run: end it by hand");
        }
    }

    private static TakeoverStage ready(Path directory) throws IOException {
        TakeoverStage stage =
                TakeoverStage.start(builder(), directory, Entrypoint.intoNamespace().orElseThrow());
        FakePeer predecessor = stage.predecessor();
        predecessor.hello().sendListeners(stage.clients(), stage.control()).expect("LISTENING");
        predecessor.send("STATE").expect("READY");
        return stage;
    }

    private static WireClient login(TakeoverStage stage) {
        return WireClient.connect(new InetSocketAddress("127.0.0.1", stage.port()))
                .login(PostgresServer.APP, POOL);
    }
}
