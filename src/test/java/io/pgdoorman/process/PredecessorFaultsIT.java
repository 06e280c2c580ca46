package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.handover.FakePeer;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A predecessor that refuses, breaks the rules, stops or dies: the successor ends with a code and a
 * reason and has disturbed nothing, as long as somebody else may serve; it goes on alone if nobody
 * does.
 */
@Order(1)
class PredecessorFaultsIT {
    private static final String NO_REHEARSAL = "warm-up not completed";
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("predecessor");
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int FAILURE = 1;
    private static final int KILLED = 137;
    private static final int FIRST_MINOR = 0;
    private static final int LATEST_MINOR = 1;
    private static final String POOL = "app";

    /** What the predecessor has sent, one after the other. */
    enum Until {
        NOTHING,
        HELLO,
        LISTENERS,
        STATE;

        boolean has(Until earlier) {
            return compareTo(earlier) >= 0;
        }
    }

    private TakeoverStage stage;
    private Path clients;
    private Path control;
    private int port;
    private FakePeer predecessor;
    private ChildProcess successor;

    @BeforeAll
    static void needsTheProgram() {
        Requirement.packagedProgram();
    }

    @BeforeEach
    void start(@TempDir Path directory) throws IOException {
        stage =
                TakeoverStage.start(
                        PoolerProcess.builder().pool(POOL, SERVER, DATABASE, "transaction", 2),
                        directory,
                        List.of());
        port = stage.port();
        clients = stage.clients();
        control = stage.control();
        predecessor = stage.predecessor();
        successor = stage.successor();
    }

    @AfterEach
    void stop() {
        stage.close();
    }

    private void comeTo(Until until) {
        comeTo(until, LATEST_MINOR);
    }

    private void comeTo(Until until, int minor) {
        if (until.has(Until.HELLO)) {
            predecessor.send("HELLO", predecessor.helloOf(1, minor));
        }
        if (until.has(Until.LISTENERS)) {
            predecessor.sendListeners(clients, control);
            predecessor.expect("LISTENING");
        }
        if (until.has(Until.STATE)) {
            predecessor.send("STATE").expect("READY");
        }
    }

    // ---- somebody else may serve: it ends -------------------------------------------------------

    @Test
    void aRefusalIsTheReasonOfItsEnd() {
        predecessor.send("REFUSED", "one is under way");

        assertEnd("Handover: not taken over: the other process refuses: one is under way");
    }

    @Test
    void aPredecessorOfAnotherMajorVersionIsNotUnderstood() {
        predecessor.send("HELLO", predecessor.helloOf(2));

        assertEnd("Handover: not taken over: version fake speaks version 2");
    }

    @Test
    void listenersWithoutDescriptorsAreNone() {
        comeTo(Until.HELLO);

        predecessor.send("LISTENERS", FakePeer.listeners(clients, control));

        assertThat(predecessor.expect("FAILED").text(1))
                .contains("a listener without its descriptor");
        assertEnd("Handover: not taken over: listeners of the other process: a listener without");
    }

    @Test
    void aStateThatCannotBeReadIsNone() {
        comeTo(Until.LISTENERS);

        predecessor.send("STATE", new FieldWriter().put(1, "no parameter set"));

        assertThat(predecessor.expect("FAILED").text(1)).contains("state of the other process");
        assertEnd("Handover: not taken over: state of the other process");
    }

    /** A port that somebody else has is said to the predecessor, and nothing is taken from it. */
    @Test
    void anAddressThatIsInUseIsTheReasonOfItsEnd() throws IOException {
        comeTo(Until.HELLO);

        try (var taken =
                new ServerSocket(port, 1, new InetSocketAddress("127.0.0.1", 0).getAddress())) {
            predecessor.sendListeners(clients, control);

            assertThat(predecessor.expect("FAILED").text(1))
                    .contains("general.host/port")
                    .contains("in use");
            assertEnd("Handover: not taken over: general.host/port");
            assertThat(taken.isClosed()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(names = "STATE", mode = Mode.EXCLUDE)
    void itEndsWithAPredecessorThatDiesBeforeItServes(Until until) {
        comeTo(until);

        predecessor.signal("KILL");

        assertEnd("Handover: not taken over: ", "the other process closed the connection");
    }

    @ParameterizedTest
    @EnumSource
    void nonsenseEndsIt(Until until) {
        comeTo(until);

        predecessor.raw((byte) 0, (byte) 0, (byte) 0, (byte) 3, (byte) 99, (byte) 0, (byte) 0);

        assertEnd("a message of unknown type 99");
        assertThat(predecessor.isAlive()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void theWrongMessageEndsIt(Until until) {
        comeTo(until);

        predecessor.send("PREPARED");

        assertEnd("the other process sent PREPARED");
        assertThat(predecessor.isAlive()).isTrue();
    }

    /** A predecessor that closes the connection and lives has decided to go on by itself. */
    @ParameterizedTest
    @EnumSource
    void itEndsWhenAPredecessorThatLivesHangsUp(Until until) {
        comeTo(until);

        predecessor.hangUp();

        assertEnd("the other process closed the connection");
        assertThat(predecessor.isAlive()).isTrue();
    }

    @Test
    void itEndsWhenAPredecessorGivesItUp() {
        comeTo(Until.STATE);

        predecessor.send("REFUSED", "you were too slow").hangUp();

        assertEnd("you were too slow");
        assertThat(predecessor.isAlive()).isTrue();
    }

    /** The predecessor has stopped waiting for PREPARED: the batch is not the successor's. */
    @Test
    void aBatchThatIsTakenTooLateStaysWithThePredecessor() {
        comeTo(Until.STATE);

        predecessor.refuseFurther().send("BATCH");

        assertEnd("PREPARED could not be sent");
        assertThat(predecessor.isAlive()).isTrue();
    }

    /** A predecessor that is slow, and not dead: nobody is killed. */
    @Test
    void aLateCommitIsWaitedFor() {
        comeTo(Until.STATE);
        predecessor.send("BATCH").expect("PREPARED");

        assertThat(predecessor.receive(Duration.ofSeconds(4)).type()).isEqualTo(FakePeer.NOTHING);
        predecessor.send("COMMIT").expect("PLACED");
        predecessor.send("END");

        predecessor.expect("BYE");
        predecessor.hangUp();
        await().atMost(LIMIT).until(() -> successor.output().contains("Handover complete"));
        assertThat(predecessor.isAlive()).isTrue();
    }

    /** It would take that for an end: it knows the message from version 1.1 on. */
    @Test
    void aPredecessorOfTheFirstVersionHearsOfNoPlacedBatch() {
        comeTo(Until.STATE, FIRST_MINOR);

        predecessor.send("BATCH").expect("PREPARED");
        predecessor.send("COMMIT").send("END");

        predecessor.expect("BYE");
        predecessor.hangUp();
        await().atMost(LIMIT).until(() -> successor.output().contains("Handover complete"));
    }

    @Test
    void itEndsWithTheService() {
        comeTo(Until.STATE);

        predecessor.send("STOP");

        assertThat(successor.awaitExit(LIMIT)).isZero();
        assertUndisturbed();
    }

    /** A taker of the first version does not say when a batch runs, and nobody waits for it. */
    @ParameterizedTest
    @ValueSource(ints = {FIRST_MINOR, LATEST_MINOR})
    void itEndsWhenEverythingIsRolledBack(int minor) {
        comeTo(Until.STATE, minor);
        int descriptors = 0;
        try (var client = login(new InetSocketAddress("127.0.0.1", port))) {
            assertThat(client.queryValue("SELECT 1")).isEqualTo("1");
            predecessor.send("ROLLBACK");

            FakePeer.Received given = predecessor.receive();
            while (given.type().equals("BATCH")) {
                descriptors += given.descriptors();
                predecessor.send("PREPARED").expect("COMMIT");
                if (minor != FIRST_MINOR) {
                    predecessor.send("PLACED");
                }
                given = predecessor.receive();
            }
            assertThat(given.type()).isEqualTo("END");
            assertThat(descriptors).as("the client and its server").isEqualTo(2);
            predecessor.send("BYE");
            assertThat(successor.awaitExit(LIMIT)).isZero();
            assertUndisturbed();
            assertThat(client.isSilentFor(Duration.ofMillis(1)))
                    .as("the predecessor has its connection")
                    .isTrue();
        }
    }

    /** The predecessor is the one that goes on, and may have the batch: it is not killed for it. */
    @Test
    void aPredecessorThatStopsInARollBackIsLeftAlone() {
        comeTo(Until.STATE);
        try (var _ = login(new InetSocketAddress("127.0.0.1", port))) {
            predecessor.send("ROLLBACK").expect("BATCH");

            predecessor.signal("STOP");

            assertThat(successor.awaitExit(LIMIT)).isZero();
            assertThat(predecessor.isAlive()).isTrue();
            assertThat(successor.output())
                    .contains("clients are the other process's, which does not answer")
                    .contains("not everything could be given back")
                    .doesNotContain("is killed");
            assertUndisturbed();
        }
    }

    // ---- nobody else serves: it goes on alone ---------------------------------------------------

    @Test
    void itGoesOnAloneWhenItsPredecessorDies() {
        comeTo(Until.STATE);
        try (var client = login(UnixDomainSocketAddress.of(clients))) {
            predecessor.signal("KILL");

            assertGoesOnAlone(client);
        }
    }

    /** Its own READY finds nobody: it has all that is needed to serve. */
    @Test
    void itGoesOnAloneWhenItsPredecessorDiesBeforeItIsReady() {
        comeTo(Until.LISTENERS);
        successor.signal("STOP");
        predecessor.send("STATE").signal("KILL");
        predecessor.awaitExit(LIMIT);

        successor.signal("CONT");

        await().atMost(LIMIT).until(() -> successor.output().contains("Handover complete"));
        try (var client = login(UnixDomainSocketAddress.of(clients))) {
            assertGoesOnAlone(client);
        }
    }

    /** Nobody hears its PLACED. */
    @Test
    void itGoesOnAloneWhenItsPredecessorDiesAfterACommit() {
        comeTo(Until.STATE);
        try (var client = login(UnixDomainSocketAddress.of(clients))) {
            predecessor.send("BATCH").expect("PREPARED");
            successor.signal("STOP");
            predecessor.send("COMMIT").signal("KILL");
            predecessor.awaitExit(LIMIT);

            successor.signal("CONT");

            assertGoesOnAlone(client);
        }
    }

    @Test
    void itGoesOnAloneWhenItsPredecessorDiesInARollBack() {
        comeTo(Until.STATE);
        try (var client = login(UnixDomainSocketAddress.of(clients))) {
            predecessor.send("ROLLBACK").expect("BATCH");

            predecessor.signal("KILL");

            assertGoesOnAlone(client);
        }
    }

    /** What does not answer may wake up again: it is killed first. */
    @Test
    void itGoesOnAloneWhenItsPredecessorDoesNotAnswer() {
        comeTo(Until.STATE);
        try (var client = login(UnixDomainSocketAddress.of(clients))) {
            predecessor.signal("STOP");

            assertGoesOnAlone(client);
            assertThat(predecessor.awaitExit(LIMIT)).isEqualTo(KILLED);
        }
    }

    private void assertGoesOnAlone(WireClient client) {
        await().atMost(LIMIT)
                .until(() -> successor.output().contains("this process goes on with the clients"));
        await().atMost(LIMIT).until(() -> successor.output().contains("Handover complete"));
        assertThat(client.queryValue("SELECT 'served'")).isEqualTo("served");
        try (var other = login(new InetSocketAddress("127.0.0.1", port))) {
            assertThat(other.queryValue("SELECT 'served'")).isEqualTo("served");
        }
        successor.signal("TERM");
        assertThat(successor.awaitExit(LIMIT)).isZero();
        assertThat(clients).as("its own by now").doesNotExist();
    }

    private static WireClient login(SocketAddress address) {
        return WireClient.connect(address).login(PostgresServer.APP, POOL);
    }

    private void assertEnd(String... words) {
        assertThat(successor.awaitExit(LIMIT)).as(successor.output()).isEqualTo(FAILURE);
        assertThat(successor.output().lines())
                .as(successor.output())
                .anyMatch(line -> List.of(words).stream().allMatch(line::contains));
        assertThat(successor.output().lines().filter(line -> !line.contains(NO_REHEARSAL)))
                .noneMatch(line -> line.contains("is killed") || line.contains("Exception"));
        assertUndisturbed();
    }

    private void assertUndisturbed() {
        assertThat(clients).as("the predecessor's socket").exists();
        assertThat(control).as("the predecessor's control socket").exists();
    }
}
