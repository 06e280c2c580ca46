package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.handover.FakePeer;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.RestartingPooler;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A successor that breaks the rules, stops or dies: the running process goes on with every client,
 * loses no descriptor, says why, and can be replaced afterwards by a successor that keeps them.
 */
@Order(1)
class HandoverFaultsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("faults");
    private static final int FIRST_BATCH = 4;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final RestartingPooler POOLER =
            new RestartingPooler(Crowd.pooler(SERVER, DATABASE));

    @BeforeAll
    static void needsTheProgram() {
        Requirement.packagedProgram();
    }

    @AfterAll
    static void stop() {
        POOLER.close();
    }

    /**
     * @param script what it does once it has connected
     * @param line what the log has to say
     */
    record Fault(String name, Consumer<FakePeer> script, String line) {
        @Override
        public String toString() {
            return name;
        }
    }

    // ---- before anybody knows what it is --------------------------------------------------------

    static Stream<Fault> strangers() {
        return Stream.of(
                new Fault("hangs up", FakePeer::hangUp, "closed the connection"),
                new Fault(
                        "speaks another protocol",
                        fake -> fake.raw("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8)),
                        "a message of unknown type 47"),
                new Fault(
                        "announces more than may come",
                        fake -> fake.raw(header(Integer.MAX_VALUE, 1)),
                        "a message of 2147483644 bytes"),
                new Fault(
                        "announces more than fits into memory",
                        fake -> fake.raw(header(255 << 20, 1)).hangUp(),
                        "closed the connection"),
                new Fault(
                        "sends half a message and hangs up",
                        fake -> fake.raw(header(100, 1)).hangUp(),
                        "closed the connection"),
                new Fault(
                        "sends half a message and stops",
                        fake -> fake.raw(header(100, 1)),
                        "did not answer within 5000 ms"),
                new Fault(
                        "begins with the wrong message",
                        fake -> fake.send("READY"),
                        "it began with READY"),
                new Fault(
                        "sends a hello that cannot be read",
                        fake -> fake.raw(header(4, 1)).raw((byte) 0x0A),
                        "the other process's hello"),
                new Fault(
                        "is of another major version",
                        fake -> {
                            fake.send("HELLO", fake.helloOf(2));
                            assertThat(fake.expect("REFUSED").text(1))
                                    .contains("speaks version 2 of the handover, this one (1)");
                        },
                        "speaks version 2"));
    }

    @ParameterizedTest
    @MethodSource("strangers")
    void aStrangerAtTheControlSocketIsTurnedAway(Fault fault) {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler);
                            var fake = FakePeer.start().connect(stage.control())) {
                        fault.script().accept(fake);

                        stage.awaitLine("control socket: process " + fake.pid(), fault.line());
                        assertThat(fake.isAlive()).isTrue();
                        assertThat(stage.log())
                                .doesNotContain("OutOfMemory")
                                .doesNotContain("FAILED");
                        stage.assertUnharmed();
                    }
                });
    }

    // ---- in the course of a handover ------------------------------------------------------------

    /** How far a fake goes by the rules. */
    enum Until {
        LISTENERS("listeners"),
        STATE("ready"),
        BATCH("sessions");

        final String phase;

        Until(String phase) {
            this.phase = phase;
        }

        /** Once it serves nobody it is let go; else it has to die. */
        boolean isServing() {
            return this != LISTENERS;
        }
    }

    private static FakePeer comeTo(Until until, FakePeer fake) {
        // Fields of a later version are skipped.
        fake.send(
                "HELLO",
                fake.helloOf(1).put(99, "unknown").put(100, 7).put(101, new FieldWriter()));
        fake.expect("HELLO");
        assertThat(fake.expect("LISTENERS").descriptors())
                .as("TCP, Unix, control socket")
                .isEqualTo(3);
        if (until == Until.LISTENERS) {
            return fake;
        }
        fake.send("LISTENING");
        fake.expect("STATE");
        if (until == Until.STATE) {
            return fake;
        }
        fake.send("READY");
        fake.expect("BATCH");
        return fake;
    }

    @ParameterizedTest
    @EnumSource
    void aSuccessorThatHangsUpChangesNothing(Until until) {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler);
                            var fake = FakePeer.start().connect(stage.control())) {
                        comeTo(until, fake);

                        fake.hangUp();

                        stage.awaitFailure(until.phase, "the other process closed the connection");
                        stage.assertFate(fake, until.isServing());
                        stage.assertReplaceable();
                    }
                });
    }

    @ParameterizedTest
    @EnumSource
    void aSuccessorThatDiesChangesNothing(Until until) {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler);
                            var fake = FakePeer.start().connect(stage.control())) {
                        comeTo(until, fake);

                        fake.signal("KILL");

                        stage.awaitFailure(until.phase, "the other process closed the connection");
                        stage.assertReplaceable();
                    }
                });
    }

    @ParameterizedTest
    @EnumSource
    void aSuccessorThatSaysTheWrongThingChangesNothing(Until until) {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler);
                            var fake = FakePeer.start().connect(stage.control())) {
                        comeTo(until, fake);

                        fake.sendLast("BYE");

                        stage.awaitFailure(until.phase, "the other process sent BYE where");
                        stage.assertFate(fake, until.isServing());
                        stage.assertReplaceable();
                    }
                });
    }

    // ---- at its end -----------------------------------------------------------------------------

    /** By then it has everything: nobody here is left to mend anything. */
    @ParameterizedTest
    @ValueSource(strings = {"dies", "hangs up", "talks nonsense"})
    void howASuccessorFailsAfterTheLastMessageDoesNotMatter(String how) {
        try (var pooler = Crowd.pooler(SERVER, DATABASE).start();
                var fake = FakePeer.start().connect(pooler.controlSocket())) {
            comeTo(Until.STATE, fake);
            fake.send("READY").expect("END");

            switch (how) {
                case "dies" -> fake.signal("KILL");
                case "hangs up" -> fake.hangUp();
                default -> fake.raw("nonsense".getBytes(StandardCharsets.UTF_8));
            }

            assertThat(pooler.awaitExit(LIMIT)).isZero();
            assertThat(fake.isAlive()).isEqualTo(!how.equals("dies"));
            assertThat(pooler.log())
                    .contains("Handover: no last word of process " + fake.pid())
                    .contains("Handover: done")
                    .doesNotContain("FAILED")
                    .doesNotContain("is killed");
        }
    }

    /** The successor has had its last message when somebody asks for something. */
    @ParameterizedTest
    @ValueSource(strings = {"reload", "shutdown"})
    void whatIsAskedForAtTheEndReachesTheSuccessor(String command) {
        try (var pooler = Crowd.pooler(SERVER, DATABASE).start();
                var fake = FakePeer.start().connect(pooler.controlSocket())) {
            fake.hello().expect("HELLO");
            assertThat(fake.expect("LISTENERS").descriptors()).isEqualTo(3);
            fake.send("LISTENING", new FieldWriter().put(1, 3));
            fake.expect("STATE");
            fake.send("READY").expect("END");

            pooler.ctl(command);

            await().atMost(LIMIT)
                    .untilAsserted(
                            () -> assertThat(pooler.log()).contains("follows the handover that"));
            fake.send("BYE");
            assertThat(fake.receive().type()).isEqualTo(FakePeer.CLOSED);
            fake.adopt(2, pooler.controlSocket()).accept(pooler.controlSocket());
            assertThat(fake.expect("COMMAND").text(1)).isEqualTo(command);
            fake.send("ANSWER", new FieldWriter().put(1, true).put(2, "it is done"));
            assertThat(pooler.awaitExit(LIMIT)).isZero();
            assertThat(pooler.log())
                    .contains(
                            "Handover: process %d is asked for the %s: it is done"
                                    .formatted(fake.pid(), command));
        }
    }

    @Test
    void aSuccessorThatCannotListenIsLetGo() {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler);
                            var fake = FakePeer.start().connect(stage.control())) {
                        comeTo(Until.LISTENERS, fake);

                        fake.send("FAILED", "no room for sockets");

                        stage.awaitFailure(
                                "listeners", "the other process failed: no room for sockets");
                        stage.assertFate(fake, false);
                        stage.assertReplaceable();
                    }
                });
    }

    @ParameterizedTest
    @EnumSource(names = {"STATE", "BATCH"})
    void whatASuccessorCannotTakeComesBack(Until until) {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler);
                            var fake = FakePeer.start().connect(stage.control())) {
                        comeTo(until, fake);

                        fake.send("FAILED", "no room for clients");

                        fake.expect("ROLLBACK");
                        fake.send("END").expect("BYE");
                        fake.signal("KILL");
                        stage.awaitFailure(
                                until.phase, "the other process failed: no room for clients");
                        stage.awaitLine("rolled back; came back: 0 clients");
                        assertThat(stage.log()).doesNotContain("is killed");
                        stage.assertReplaceable();
                    }
                });
    }

    /** What it has said it has is its own, and ends with it. */
    @SuppressWarnings("try") // the stage is closed before its end, so that its clients are gone
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void onlyTheClientsOfALostSuccessorAreLost(boolean dies) {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler)) {
                        List<WireClient> clients = new ArrayList<>();
                        for (int i = 0; i < 12; i++) {
                            clients.add(pooler.client().login(PostgresServer.APP, Crowd.WIDE));
                        }
                        stage.close(); // only these are left
                        try (var fake = FakePeer.start().connect(stage.control())) {
                            comeTo(Until.BATCH, fake);
                            fake.send("PREPARED");
                            fake.expect("COMMIT");

                            if (dies) {
                                fake.signal("KILL");
                                stage.awaitFailure("sessions", "");
                            } else { // it does not say that they run
                                stage.awaitFailure("sessions", "did not answer within 8000 ms");
                                stage.assertFate(fake, true);
                            }
                        }
                        List<WireClient> left = new ArrayList<>();
                        for (WireClient client : clients) {
                            if (client.query("SELECT 'served'").size() == 4) {
                                left.add(client);
                            } else {
                                client.close();
                            }
                        }
                        assertThat(left).hasSize(clients.size() - FIRST_BATCH);
                        pooler.handOver();
                        for (WireClient client : left) {
                            assertThat(client.queryValue("SELECT 'served'")).isEqualTo("served");
                            client.close();
                        }
                        try (var crowd = new Crowd(pooler)) {
                            crowd.assertUnharmed();
                        }
                    }
                });
    }

    private static byte[] header(int length, int type) {
        return ByteBuffer.allocate(7).putInt(length).put((byte) type).array();
    }
}
