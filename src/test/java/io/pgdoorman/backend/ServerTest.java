package io.pgdoorman.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.CancelKey;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.TransactionStatus;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

@ExtendWith(LeakCheck.class)
class ServerTest {
    private static final ParameterSet REPORTED =
            ParameterSet.of(Map.of("TimeZone", "UTC", "server_version", "18.1"));

    private final List<TestChannel> channels = new ArrayList<>();
    private RecordingOwner owner = new RecordingOwner();
    private TestChannel channel = new TestChannel();
    private Server server = open(false);

    private Server open(boolean rehearse) {
        owner = new RecordingOwner();
        channel = new TestChannel();
        channels.add(channel);
        server = new Server(identity(), channel, REPORTED, owner);
        channel.pipeline().addLast(new ServerHandler(server, rehearse));
        return server;
    }

    private static ServerIdentity identity() {
        return new ServerIdentity(
                1,
                "alice@shop",
                new TestChannel().localAddress(),
                CancelKey.of(42, new byte[] {1, 2, 3, 4}),
                ParameterSet.EMPTY,
                System.nanoTime(),
                Long.MAX_VALUE,
                Long.MAX_VALUE);
    }

    @AfterEach
    void close() {
        channels.forEach(EmbeddedChannel::finishAndReleaseAll);
    }

    private void sent(String types) {
        for (char type : types.toCharArray()) {
            server.onFrontendMessage((byte) type);
        }
    }

    /** What the client of this script gets, and what the server hears in it. */
    private static final byte[] ANSWER =
            Frontend.concat(
                    Backend.empty('1'),
                    Backend.empty('2'),
                    Backend.rowDescription("a"),
                    Backend.dataRow("one"),
                    Backend.notice("careful"),
                    Backend.dataRow("two"),
                    Backend.parameterStatus("TimeZone", "CET"),
                    Backend.commandComplete("SELECT 2"),
                    Backend.notification(7, "channel", "payload"),
                    Backend.readyForQuery('I'));

    // ---- relay ------------------------------------------------------------------------------

    @Test
    void givesEveryByteToItsOwner() {
        sent("PBDES");

        channel.send(ANSWER);

        assertThat(owner.bytes.toByteArray()).isEqualTo(ANSWER);
        assertThat(owner.events).last().isEqualTo("settled@" + ANSWER.length);
        assertThat(owner.readCompletes).isEqualTo(1);
        assertThat(server.parameters().get("timezone")).isEqualTo("CET");
    }

    @Test
    void givesTheSameWhereverTheInputIsCut() {
        List<String> expected = null;
        for (int cut = 0; cut < ANSWER.length; cut++) {
            open(false);
            sent("PBDES");

            channel.send(Arrays.copyOf(ANSWER, cut));
            channel.send(Arrays.copyOfRange(ANSWER, cut, ANSWER.length));

            expected = expected == null ? owner.events : expected;
            assertThat(owner.bytes.toByteArray()).as("cut at %d", cut).isEqualTo(ANSWER);
            assertThat(owner.events).as("cut at %d", cut).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 11, 64})
    void givesTheSameInSmallPieces(int size) {
        for (boolean rehearse : new boolean[] {false, true}) {
            open(rehearse);
            sent("PBDES");

            channel.sendInPieces(ANSWER, size);

            assertThat(owner.bytes.toByteArray()).isEqualTo(ANSWER);
            assertThat(owner.events)
                    .containsExactly(
                            "TimeZone=CET@" + parameterStatusAt(), "settled@" + ANSWER.length);
            assertThat(owner.rehearsals > 0).isEqualTo(rehearse);
        }
    }

    private static int parameterStatusAt() {
        return new String(ANSWER, StandardCharsets.ISO_8859_1).indexOf("S\0\0\0\u0011TimeZone");
    }

    @Test
    void isTheSameAfterAFreezeAtEveryByte() {
        byte[] stream =
                Frontend.concat(
                        Backend.commandComplete("SET"),
                        Backend.parameterStatus("TimeZone", "CET"),
                        Backend.readyForQuery('I'),
                        ANSWER);
        byte[] expected = ANSWER.clone();
        open(true);
        server.synchronise(REPORTED.with("TimeZone", "CET"));
        sent("PBDES");

        channel.sendInPieces(stream, 1);

        assertThat(owner.bytes.toByteArray()).isEqualTo(expected);
        assertThat(owner.events).last().isEqualTo("settled@" + expected.length);
        assertThat(owner.rehearsals).isGreaterThan(stream.length);
    }

    @Test
    void streamsAMessageOfAnySize() {
        sent("Q");
        int size = 5_000_000;
        channel.send(Frontend.header('D', size));
        byte[] piece = new byte[65_536];

        for (int left = size - 4; left > 0; left -= piece.length) {
            channel.send(Arrays.copyOf(piece, Math.min(left, piece.length)));
            assertThat(owner.bytes.size())
                    .isEqualTo(5 + size - 4 - Math.max(0, left - piece.length));
        }
        channel.send(Backend.commandComplete("SELECT 1"), Backend.readyForQuery('I'));

        assertThat(owner.events).hasSize(1);
        assertThat(server.replies().isSettled()).isTrue();
    }

    @Test
    void passesAReportTooLongToBeRead() {
        String value = "x".repeat(100_000);
        byte[] stream =
                Frontend.concat(
                        Backend.parameterStatus("a.b", value),
                        Backend.commandComplete("SET"),
                        Backend.readyForQuery('I'));
        sent("Q");

        channel.sendInPieces(stream, 10_000);

        assertThat(owner.bytes.toByteArray()).isEqualTo(stream);
        assertThat(owner.events).containsExactly("settled@" + stream.length);
    }

    @Test
    void leavesOutTheReportsItsOwnerDoesNotPass() {
        owner.passesParameters = false;
        sent("Q");

        channel.send(
                Backend.rowDescription("a"),
                Backend.parameterStatus("TimeZone", "CET"),
                Backend.commandComplete("SELECT 0"),
                Backend.readyForQuery('I'));

        assertThat(owner.bytes.toByteArray())
                .isEqualTo(
                        Frontend.concat(
                                Backend.rowDescription("a"),
                                Backend.commandComplete("SELECT 0"),
                                Backend.readyForQuery('I')));
        assertThat(server.parameters().get("TimeZone")).isEqualTo("CET");
    }

    @ParameterizedTest
    @CsvSource({"I, true", "T, false", "E, false"})
    void isSettledOnlyOutsideOfATransaction(char status, boolean settled) {
        sent("Q");

        channel.send(Backend.commandComplete("BEGIN"), Backend.readyForQuery(status));

        assertThat(server.status()).isEqualTo(TransactionStatus.of((byte) status));
        assertThat(owner.events.toString().contains("settled")).isEqualTo(settled);
    }

    @Test
    void tellsOnceThatAWholePipelineIsSettled() {
        sent("QPS");

        channel.send(
                Backend.commandComplete("SELECT 1"),
                Backend.readyForQuery('I'),
                Backend.empty('1'),
                Backend.readyForQuery('I'));

        assertThat(owner.events).containsExactly("settled@" + owner.bytes.size());
    }

    @Test
    void tellsThatItsPeerDoesNotRead() {
        channel.block();

        server.write(channel.alloc().buffer().writeZero(200_000));
        server.flush();

        assertThat(owner.events).containsExactly("unwritable@0");
        assertThat(server.isWritable()).isFalse();

        channel.unblock();

        assertThat(owner.events).containsExactly("unwritable@0", "writable@0");
    }

    // ---- the pooler's own queries -------------------------------------------------------------

    @Test
    void sendsOneQueryForAllParametersThatDiffer() {
        server.synchronise(REPORTED.with("TimeZone", "CET").with("DateStyle", "SQL"));
        server.flush();

        assertThat(channel.receivedBytes())
                .isEqualTo(Frontend.query("SET DateStyle TO 'SQL';SET TimeZone TO 'CET'"));
    }

    @Test
    void sendsNothingIfNoParameterDiffers() {
        server.synchronise(REPORTED.with("server_version", "17"));
        server.flush();

        assertThat(channel.receivedBytes()).isEmpty();
        assertThat(server.replies().isSettled()).isTrue();
    }

    @Test
    void keepsTheRepliesOfItsOwnQueriesToItself() {
        server.synchronise(REPORTED.with("TimeZone", "CET"));
        sent("Q");
        byte[] answer =
                Frontend.concat(Backend.commandComplete("SELECT 1"), Backend.readyForQuery('I'));
        byte[] notification = Backend.notification(1, "c", "p");

        channel.send(
                Backend.notice("swallowed"),
                notification,
                Backend.rowDescription("x"),
                Backend.dataRow("y"),
                Backend.commandComplete("SET"),
                Backend.parameterStatus("TimeZone", "CET"),
                Backend.readyForQuery('I'),
                answer);

        assertThat(owner.bytes.toByteArray()).isEqualTo(Frontend.concat(notification, answer));
        assertThat(owner.events).containsExactly("settled@" + owner.bytes.size());
        assertThat(server.parameters().get("TimeZone")).isEqualTo("CET");
        assertThat(server.needsCleanup(true)).as("its own SET is no trace").isFalse();
    }

    @Test
    void swallowsItsOwnRepliesWhereverTheyAreCut() {
        byte[] own =
                Frontend.concat(
                        Backend.notice("swallowed"),
                        Backend.dataRow("y"),
                        Backend.commandComplete("SET"),
                        Backend.parameterStatus("TimeZone", "CET"),
                        Backend.readyForQuery('I'));
        byte[] answer =
                Frontend.concat(Backend.commandComplete("SELECT 1"), Backend.readyForQuery('I'));
        byte[] stream = Frontend.concat(own, answer);
        for (int cut = 1; cut < stream.length; cut++) {
            open(cut % 2 == 0);
            server.synchronise(REPORTED.with("TimeZone", "CET"));
            sent("Q");

            channel.send(Arrays.copyOf(stream, cut));
            channel.send(Arrays.copyOfRange(stream, cut, stream.length));

            assertThat(owner.bytes.toByteArray()).as("cut at %d", cut).isEqualTo(answer);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 100_000})
    void tellsThatItsOwnQueryFailed(int length) {
        server.sendOwnQuery("SET nonsense TO 'x'");
        String message = "y".repeat(length);

        channel.sendInPieces(
                Frontend.concat(Backend.error("42704", message), Backend.readyForQuery('I')),
                30_000);

        assertThat(owner.bytes.size()).isZero();
        String told = length < 1_000 ? message : "long error";
        assertThat(owner.events).containsExactly("own query failed: " + told + "@0", "settled@0");
    }

    @Test
    void forgetsTheFailureOfAnEarlierOwnQuery() {
        server.sendOwnQuery("a");
        server.sendOwnQuery("b");

        channel.send(Backend.error("42704", "first"), Backend.readyForQuery('I'));
        channel.send(Backend.commandComplete("SET"), Backend.readyForQuery('I'));

        assertThat(owner.events).containsExactly("own query failed: first@0", "settled@0");
    }

    // ---- traces -------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SET | SET SESSION AUTHORIZATION DEFAULT;RESET ALL",
                "LISTEN | UNLISTEN *",
                "PREPARE | DEALLOCATE ALL",
                "DO | DISCARD ALL",
                "CALL | DISCARD ALL",
                "LOAD | DISCARD ALL"
            })
    void removesWhatACommandLeft(String tag, String cleanup) {
        sent("Q");
        channel.send(Backend.commandComplete(tag), Backend.readyForQuery('I'));
        boolean needed = server.needsCleanup(true);
        boolean neededWithoutTraces = server.needsCleanup(false);

        server.cleanUp(true);

        assertThat(needed).isTrue();
        assertThat(neededWithoutTraces).isFalse();
        assertThat(channel.receivedBytes()).isEqualTo(Frontend.query(cleanup));
        assertThat(server.needsCleanup(true)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1",
                "DELETE 5",
                "SELECT 0",
                "COMMIT",
                "INSERT 0 1",
                "COPY 2",
                "DECLARE CURSOR",
                "UPDATE 3",
                "SE",
                ""
            })
    void needsNoCleanupAfterOtherCommands(String tag) {
        sent("Q");

        channel.send(Backend.commandComplete(tag), Backend.readyForQuery('I'));

        assertThat(server.needsCleanup(true)).isFalse();
    }

    @Test
    void removesWhatTheWordsOfAStatementTell() {
        ByteBuf text = channel.alloc().buffer();
        byte[] sql = "select pg_advisory_lock(1)\0".getBytes(StandardCharsets.UTF_8);
        text.writeBytes(sql);
        sent("Q");

        long state = server.scanStatement(Server.statementStart(), text, 0, 12);
        server.scanStatement(state, text, 12, sql.length - 12);
        text.release();
        channel.send(Backend.commandComplete("SELECT 1"), Backend.readyForQuery('I'));
        server.cleanUp(true);

        assertThat(channel.receivedBytes())
                .isEqualTo(Frontend.query("SELECT pg_advisory_unlock_all()"));
    }

    @Test
    void removesNamedStatements() {
        sent("PS");
        server.onNamedStatement();
        channel.send(Backend.empty('1'), Backend.readyForQuery('I'));

        server.cleanUp(true);

        assertThat(channel.receivedBytes()).isEqualTo(Frontend.query("DEALLOCATE ALL"));
    }

    @ParameterizedTest
    @CsvSource({"T, true", "E, true", "T, false"})
    void rollsBackAnOpenTransaction(char status, boolean traces) {
        sent("Q");
        channel.send(Backend.commandComplete("SET"), Backend.readyForQuery(status));

        server.cleanUp(traces);

        byte[] rollback = Frontend.query("ROLLBACK");
        assertThat(channel.receivedBytes())
                .isEqualTo(
                        traces
                                ? Frontend.concat(
                                        rollback,
                                        Frontend.query(
                                                "SET SESSION AUTHORIZATION DEFAULT;RESET ALL"))
                                : rollback);
    }

    @Test
    void suspectsEverythingOnlyOfASessionThatDidSomething() {
        server.suspectEverything();
        boolean untouched = server.needsCleanup(true);
        sent("Q");
        channel.send(Backend.commandComplete("SELECT 1"), Backend.readyForQuery('I'));

        server.suspectEverything();

        assertThat(untouched).isFalse();
        assertThat(server.needsCleanup(true)).isTrue();
    }

    @Test
    void onlyQueriesAndParsesHaveStatementText() {
        for (char type : "PBDECSFHdcf".toCharArray()) {
            assertThat(server.onFrontendMessage((byte) type)).as("%s", type).isEqualTo(type == 'P');
        }
        assertThat(server.onFrontendMessage((byte) 'Q')).isTrue();
    }

    // ---- open work ----------------------------------------------------------------------------

    @Test
    void endsACopyOfADepartedClient() {
        sent("Q");
        channel.send(Backend.copyInResponse());

        server.endOpenWork();

        assertThat(channel.receivedTypes()).isEqualTo("f");
        channel.send(Backend.error("57014", "COPY failed"), Backend.readyForQuery('I'));
        assertThat(server.replies().isSettled()).isTrue();
        assertThat(server.isReusable()).isTrue();
    }

    @Test
    void endsACopyOfTheExtendedProtocolWithASync() {
        sent("BE");
        channel.send(Backend.empty('2'), Backend.copyInResponse());

        server.endOpenWork();

        assertThat(channel.receivedTypes()).isEqualTo("fS");
        channel.send(Backend.error("57014", "COPY failed"), Backend.readyForQuery('I'));
        assertThat(server.isReusable()).isTrue();
    }

    @Test
    void endsAFailedBatchWithASync() {
        sent("PB");
        channel.send(Backend.error("42601", "syntax error"));

        server.endOpenWork();

        assertThat(channel.receivedTypes()).isEqualTo("S");
        channel.send(Backend.readyForQuery('I'));
        assertThat(server.isReusable()).isTrue();
    }

    @Test
    void leavesARunningQueryAlone() {
        sent("Q");

        server.endOpenWork();

        assertThat(channel.receivedTypes()).isEmpty();
    }

    // ---- violations and the end ---------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(ints = {0, 3, -1, Integer.MIN_VALUE})
    void closesOnALengthThatCannotBe(int length) {
        sent("Q");

        channel.send(Frontend.header('D', length));

        assertThat(channel.isOpen()).isFalse();
        assertThat(owner.events).containsExactly("closed@0");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, -1})
    void closesOnSuchALengthWhereverItIsCut(int length) {
        for (int cut = 1; cut < 5; cut++) {
            open(false);
            channel.sendInPieces(Frontend.header('D', length), cut);

            assertThat(channel.isOpen()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "II", "x"})
    void closesOnAReadyForQueryThatCannotBe(String body) {
        sent("Q");

        channel.send(Frontend.message('Z', body.getBytes(StandardCharsets.US_ASCII)));

        assertThat(channel.isOpen()).isFalse();
        assertThat(owner.events).containsExactly("closed@0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "a\0", "\0"})
    void closesOnAMalformedReport(String body) {
        channel.send(Frontend.message('S', body.getBytes(StandardCharsets.US_ASCII)));

        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void tellsThatItClosedAndWhetherPostgresGaveAReason() {
        channel.send(Backend.error("FATAL", "57P01", "terminating connection"));
        channel.disconnectPeer();

        assertThat(owner.events).containsExactly("closed with reason@" + owner.bytes.size());
        assertThat(server.isClosed()).isTrue();
        assertThat(server.isReusable()).isFalse();
    }

    @Test
    void hasNoReasonIfSomethingFollowedTheError() {
        sent("Q");
        channel.send(Backend.error("42601", "syntax error"), Backend.readyForQuery('I'));
        owner.events.clear();

        channel.disconnectPeer();

        assertThat(owner.events).containsExactly("closed@" + owner.bytes.size());
    }

    @Test
    void tellsOnlyOnceThatItClosed() {
        server.close();
        channel.disconnectPeer();
        server.close();

        assertThat(owner.events).containsExactly("closed@0");
    }

    @Test
    void endsPolitely() {
        server.close();

        assertThat(channel.receivedBytes()).isEqualTo(Frontend.terminate());
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void sendsNothingIntoTheMiddleOfAMessage() {
        server.setMessageCut(true);

        server.close();

        assertThat(channel.receivedBytes()).isEmpty();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void dropsAPartialMessageWhenItCloses() {
        channel.send(new byte[] {'Z', 0, 0});

        channel.disconnectPeer();

        assertThat(owner.events).containsExactly("closed@0"); // and LeakCheck has the last word
    }

    // ---- reuse --------------------------------------------------------------------------------

    @Test
    void isReusableWhenItOwesNothing() {
        boolean fresh = server.isReusable();
        sent("Q");
        boolean busy = server.isReusable();
        channel.send(Backend.commandComplete("SELECT 1"), Backend.readyForQuery('I'));

        assertThat(fresh).isTrue();
        assertThat(busy).isFalse();
        assertThat(server.isReusable()).isTrue();
    }

    @Test
    void isNotReusableInTheMiddleOfAMessageItSends() {
        channel.send(new byte[] {'N', 0, 0});
        boolean withinHeader = server.isReusable();
        channel.send(new byte[] {0, 9, 1});
        boolean withinBody = server.isReusable();
        channel.send(new byte[] {1, 1, 1, 0});

        assertThat(withinHeader).isFalse();
        assertThat(withinBody).isFalse();
        assertThat(server.isReusable()).isTrue();
    }

    @Test
    void isNotReusableInTheMiddleOfAMessageItGets() {
        server.setMessageCut(true);

        assertThat(server.isReusable()).isFalse();
    }

    @Test
    void isNotReusableAfterAReplyNobodyAskedFor() {
        channel.send(Backend.readyForQuery('I'));

        assertThat(server.isReusable()).isFalse();
    }

    @Test
    void countsCancelRequestsOnTheirWay() {
        server.cancelStarted();
        server.cancelStarted();

        assertThat(server.cancelEnded()).isFalse();
        assertThat(server.isCancelInFlight()).isTrue();
        assertThat(server.cancelEnded()).isTrue();
        assertThat(server.isCancelInFlight()).isFalse();
    }

    // ---- freeze -------------------------------------------------------------------------------

    @Test
    void carriesEverythingOverAFreeze() {
        server.cancelStarted();
        server.setMessageCut(true);
        sent("QP");
        server.onNamedStatement();
        channel.send(Backend.commandComplete("SET"), Backend.readyForQuery('T'));
        channel.send(new byte[] {'Z', 0, 0});

        Server thawed = Server.thaw(server.freeze(), channel, owner);
        channel.pipeline().get(ServerHandler.class).replace(thawed);

        assertThat(thawed.status()).isEqualTo(TransactionStatus.IN_TRANSACTION);
        assertThat(thawed.isMessageCut()).isTrue();
        assertThat(thawed.isCancelInFlight()).isTrue();
        assertThat(thawed.replies().size()).isEqualTo(1);
        assertThat(thawed.needsCleanup(true)).isTrue();
        assertThat(thawed.toString()).contains("pid=42");
        assertThat(thawed.isReusable()).isFalse();
        assertThat(server.isClosed()).as("the frozen one is of no use").isTrue();
    }

    @Test
    void flushesBeforeItIsFrozen() {
        server.sendOwnQuery("SELECT 1");

        Server thawed = Server.thaw(server.freeze(), channel, owner);
        channel.pipeline().get(ServerHandler.class).replace(thawed);

        assertThat(channel.received()).extracting(Message::type).containsExactly('Q');
    }

    @Test
    void keepsItsFirstErrorOfAnOwnQueryOverAFreeze() {
        open(true);
        server.sendOwnQuery("a");

        channel.sendInPieces(
                Frontend.concat(Backend.error("42704", "first"), Backend.readyForQuery('I')), 1);

        assertThat(owner.events).containsExactly("own query failed: first@0", "settled@0");
    }
}
