package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.pgdoorman.auth.ServerCredential;
import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;
import io.pgdoorman.handover.format.Shape;
import io.pgdoorman.handover.format.Tree;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Map;
import java.util.stream.Stream;

/** What a successor knows before its first client. */
class ProcessStateTest {
    private static final long BEGAN = 123_456_789_012_345L;

    private final StateHost predecessor = new StateHost(StateHost.SECRET);
    private final StateHost successor = new StateHost("the secret of the successor.....");

    private void handOver() throws FormatException {
        ProcessState.adopt(successor, ProcessState.share(predecessor, BEGAN).toByteArray());
    }

    // ---- numbers and secrets --------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(ints = {0, 41, 2_000_000_000})
    void clientsGetHigherNumbersThanBefore(int last) throws Exception {
        predecessor.sessions.continueAfter(last);

        handOver();

        assertThat(successor.sessions.lastId()).isGreaterThan(last + 100);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 17, 1L << 32, (5L << 32) + 4_000_000_000L})
    void serversOfBothHaveNumbersOfTheirOwn(long last) throws Exception {
        predecessor.lastServerId.set(last);

        handOver();

        assertThat(successor.lastServerId.get() / (1L << 32)).isEqualTo(last / (1L << 32) + 1);
    }

    @Test
    void saltsOfUnknownUsersStayTheSame() throws Exception {
        handOver();

        assertThat(successor.authentication.processSecret())
                .isEqualTo(Bytes.ofText(StateHost.SECRET));
    }

    @Test
    void connectionsOfBothCountForTheLimit() throws Exception {
        for (int i = 0; i < 115; i++) {
            predecessor.sessions.accept(new EmbeddedChannel());
        }
        handOver();
        var before = new TestChannel();
        var after = new TestChannel();

        successor.sessions.accept(before);
        ProcessState.unshare(successor);
        successor.sessions.accept(after);

        assertThat(before.isOpen()).isFalse();
        assertThat(after.isOpen()).isTrue();
        after.dispose();
        before.dispose();
    }

    @Test
    void tellsWhenTheHandoverBegan() throws Exception {
        byte[] state = ProcessState.share(predecessor, BEGAN).toByteArray();

        assertThat(ProcessState.adopt(successor, state)).isEqualTo(BEGAN);
    }

    // ---- limits ---------------------------------------------------------------------------------

    @Test
    void allPermitsOfAPoolAreFirstThePredecessors() throws Exception {
        Pool old = StateHost.addShop(predecessor);
        Pool next = StateHost.addShop(successor);

        handOver();

        assertThat(old.free()).isEqualTo(5);
        assertThat(next.free()).isZero();
        next.receive(old.giveAway(3));
        assertThat(old.free()).isEqualTo(2);
        assertThat(next.free()).isEqualTo(3);
    }

    @Test
    void alonePermitsAreAllOnes() throws Exception {
        Pool old = StateHost.addShop(predecessor);
        Pool next = StateHost.addShop(successor);
        handOver();

        ProcessState.unshare(successor);
        ProcessState.unshare(predecessor);

        assertThat(old.free()).isEqualTo(5);
        assertThat(next.free()).isEqualTo(5);
    }

    @Test
    void aLimitOfADatabaseIsSharedIfItIsInForceInBoth() throws Exception {
        predecessor.coordinators.put("both", new Coordinator(10, 2));
        predecessor.coordinators.put("before", new Coordinator(10, 2));
        predecessor.coordinators.put("after", Coordinator.unlimited());
        successor.coordinators.put("both", new Coordinator(20, 2));
        successor.coordinators.put("before", Coordinator.unlimited());
        successor.coordinators.put("after", new Coordinator(20, 2));
        successor.coordinators.put("new", new Coordinator(20, 2));

        handOver();

        assertThat(predecessor.coordinators.get("both").free()).isEqualTo(10);
        assertThat(successor.coordinators.get("both").free()).isZero();
        assertThat(successor.coordinators.get("after").free()).isEqualTo(20);
        assertThat(successor.coordinators.get("new").free()).isEqualTo(20);
        assertThat(successor.coordinators.get("before").isEnabled()).isFalse();
    }

    // ---- pools ----------------------------------------------------------------------------------

    static Stream<ServerCredential> credentials() {
        return Stream.of(
                new ServerCredential.Plain(Bytes.copyOf(new byte[] {'s', (byte) 0xFF, 0x27})),
                StateHost.MD5,
                StateHost.SCRAM);
    }

    @ParameterizedTest
    @MethodSource("credentials")
    void whatAClientProvedIsKnown(ServerCredential proved) throws Exception {
        StateHost.connector(StateHost.addShop(predecessor)).learn(proved);
        Pool next = StateHost.addShop(successor);

        handOver();

        assertThat(StateHost.connector(next).credential()).isEqualTo(proved);
    }

    @Test
    void whatIsConfiguredIsNotToldAndStays() throws Exception {
        var configured = new ServerCredential.Plain(Bytes.ofText("sesame"));
        predecessor.addPool("shop", "alice", "localhost", configured, 5);
        Pool next = successor.addPool("shop", "alice", "localhost", configured, 5);

        byte[] state = ProcessState.share(predecessor, BEGAN).toByteArray();
        ProcessState.adopt(successor, state);

        assertThat(StateHost.connector(next).credential()).isEqualTo(configured);
        assertThat(Tree.parse(state, Shape.PROCESS).numbers()).doesNotContainKey("credential");
    }

    @Test
    void whatPostgresqlReportsIsKnown() throws Exception {
        StateHost.addShop(predecessor).learnReported(StateHost.PROFILE, StateHost.REPORTED);
        Pool next = StateHost.addShop(successor);

        handOver();

        assertThat(next.reported()).isEqualTo(Map.of(StateHost.PROFILE, StateHost.REPORTED));
        assertThat(next.reported(StateHost.PROFILE))
                .isSameAs(successor.interner.intern(StateHost.REPORTED));
    }

    @Test
    void nothingIsKnownOfServersThatAreElsewhereNow() throws Exception {
        Pool old = StateHost.addShop(predecessor);
        old.learnReported(StateHost.PROFILE, StateHost.REPORTED);
        StateHost.connector(old).learn(StateHost.MD5);
        Pool next = successor.addPool("shop", "alice", "another.example.org", StateHost.NONE, 5);

        handOver();

        assertThat(next.reported()).isEmpty();
        assertThat(StateHost.connector(next).credential()).isEqualTo(StateHost.NONE);
        assertThat(next.free()).as("its permits are shared all the same").isZero();
    }

    @Test
    void poolsThatAreGoneOrNewDoNoHarm() throws Exception {
        predecessor.addPool("shop", "gone", "localhost", StateHost.NONE, 5);
        Pool added = successor.addPool("shop", "new", "localhost", StateHost.NONE, 7);
        Pool kept = StateHost.addShop(successor);
        StateHost.addShop(predecessor);

        handOver();

        assertThat(added.free()).isEqualTo(7);
        assertThat(kept.free()).isZero();
    }

    // ---- log ------------------------------------------------------------------------------------

    @Test
    void theLogGoesOnWithTheFilterOfTheMoment() throws Exception {
        predecessor.logLevels.set("error,io.pgdoorman.pool=trace");

        handOver();

        assertThat(successor.logLevels.current()).isEqualTo("error,io.pgdoorman.pool=trace");
    }

    /** It may have been started with another level on purpose. */
    @Test
    void aSuccessorKeepsItsOwnLevelIfNobodyHasChangedTheOther() throws Exception {
        successor.logLevels.set("debug");
        predecessor.logLevels.set("trace");
        predecessor.logLevels.reset();

        handOver();

        assertThat(successor.logLevels.current()).isEqualTo("debug");
    }

    @Test
    void aFilterOfALaterVersionLeavesTheLogAsItIs() throws Exception {
        byte[] state = new FieldWriter().put(10, "loud,everywhere").toByteArray();

        ProcessState.adopt(successor, state);

        assertThat(successor.logLevels.current()).isEqualTo("info");
    }
}
