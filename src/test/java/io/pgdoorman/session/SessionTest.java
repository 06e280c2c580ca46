package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.config.SessionState;
import io.pgdoorman.pool.FakeServers;
import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.LeakCheck;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The relay between one client and its servers. */
@ExtendWith(LeakCheck.class)
class SessionTest {
    private static final byte[] QUERY = Frontend.query("select 1");
    private static final byte[] ANSWER =
            Frontend.concat(
                    Backend.rowDescription("a"),
                    Backend.dataRow("1"),
                    Backend.commandComplete("SELECT 1"),
                    Backend.readyForQuery('I'));
    private static final byte[] BATCH =
            Frontend.concat(
                    Frontend.parse("", "select $1"),
                    Frontend.bind("", "", "x"),
                    Frontend.describePortal(""),
                    Frontend.execute("", 0),
                    Frontend.sync());
    private static final byte[] BATCH_ANSWER =
            Frontend.concat(Backend.empty('1'), Backend.empty('2'), ANSWER);

    private final SessionStage stage = new SessionStage();

    @AfterEach
    void everyPermitComesBack() {
        stage.dispose();
        assertThat(stage.pool().open() - stage.source.logins.size()).isZero();
        assertThat(stage.sessions().all()).isEmpty();
        assertThat(stage.sessions().memory().used()).isZero();
    }

    private static byte[] begun() {
        return Frontend.concat(Backend.commandComplete("BEGIN"), Backend.readyForQuery('T'));
    }

    // ---- replies that are made up ---------------------------------------------------------------

    /** A packet of its own, for five bytes, would be a third of what a short query costs. */
    @Test
    void whatItMakesUpTravelsWithTheAnswer() {
        Prepared pair = prepared();

        pair.client.send(BATCH);
        byte[] early = pair.client.receivedBytes();
        pair.server.send(Backend.empty('2'), ANSWER);

        assertThat(early).isEmpty();
        assertThat(pair.client.receivedBytes()).isEqualTo(BATCH_ANSWER);
    }

    @Test
    void whatItMakesUpComesAtOnceIfNothingElseWillCome() {
        Prepared pair = prepared();

        pair.client.send(Frontend.parse("", "select $1"), Frontend.flush());

        assertThat(pair.client.receivedTypes()).isEqualTo("1");
    }

    @Test
    void whatItMakesUpComesAtOnceIfTheClientAskedForItBeforeTheRest() {
        Prepared pair = prepared();

        pair.client.send(
                Frontend.parse("", "select $1"), Frontend.flush(), Frontend.bind("", "", "x"));

        assertThat(pair.client.receivedTypes()).isEqualTo("1");
    }

    @Test
    void whatItMakesUpTravelsWithTheAnswerToAFlushToo() {
        Prepared pair = prepared();

        pair.client.send(
                Frontend.parse("", "select $1"), Frontend.bind("", "", "x"), Frontend.flush());
        byte[] early = pair.client.receivedBytes();
        pair.server.send(Backend.empty('2'));

        assertThat(early).isEmpty();
        assertThat(pair.client.receivedTypes()).isEqualTo("12");
    }

    /** Else it would be read from no more, and its Sync would never come. */
    @Test
    void whatItMakesUpDoesNotPileUpBehindABatchThatGoesOn() {
        Prepared pair = prepared();
        byte[] parse = Frontend.parse("", "select $1");
        byte[][] many = new byte[2_001][];
        Arrays.fill(many, parse);
        many[2_000] = Frontend.bind("", "", "x");

        pair.client.send(many);

        assertThat(pair.client.receivedTypes()).isEqualTo("1".repeat(2_000));
        assertThat(pair.client.config().isAutoRead()).isTrue();
        pair.client.send(Frontend.sync());
        pair.server.send(Backend.empty('2'), Backend.readyForQuery('I'));
        assertThat(pair.client.receivedTypes()).isEqualTo("2Z");
    }

    /** A client, and the one server, which has the statement of {@link #BATCH}. */
    private record Prepared(TestChannel client, TestChannel server) {}

    private Prepared prepared() {
        stage.settings.preparedStatements = true;
        stage.rebuild();
        TestChannel client = stage.client();
        client.send(BATCH);
        TestChannel server = stage.accept();
        server.send(BATCH_ANSWER);
        client.send(BATCH); // texts that come only once get no name
        server.send(BATCH_ANSWER);
        client.receivedBytes();
        return new Prepared(client, server);
    }

    // ---- lease --------------------------------------------------------------------------------

    @Test
    void relaysAQueryAndItsAnswer() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();

        byte[] asked = server.receivedBytes();
        server.send(ANSWER);

        assertThat(asked).isEqualTo(QUERY);
        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"IGNORE", "WARN"})
    void doesNotHearThatTheServerItIsDoneWithEnds(SessionState state) {
        stage.settings.sessionState = state;
        stage.rebuild();
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel ended = stage.accept();

        ended.send(ANSWER, Backend.error("FATAL", "57P01", "terminating connection"));
        byte[] heard = client.receivedBytes();
        client.send(QUERY);
        TestChannel next = stage.accept();
        next.send(ANSWER);

        assertThat(heard).isEqualTo(ANSWER);
        assertThat(ended.isOpen()).isFalse();
        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
    }

    @Test
    void givesItsServerBackWhenTheTransactionEnds() {
        TestChannel client = stage.client();
        client.send(Frontend.query("begin"));
        TestChannel server = stage.accept();

        server.send(begun());
        int idleWithin = stage.pool().idle();
        boolean inTransaction = stage.session(client).isInTransaction();
        client.send(Frontend.query("commit"));
        server.send(Backend.commandComplete("COMMIT"), Backend.readyForQuery('I'));

        assertThat(idleWithin).isZero();
        assertThat(inTransaction).isTrue();
        assertThat(stage.pool().idle()).isEqualTo(1);
        assertThat(stage.session(client).isInTransaction()).isFalse();
    }

    @Test
    void sharesOneServerAmongClients() {
        TestChannel first = stage.client();
        TestChannel second = stage.client();
        first.send(QUERY);
        TestChannel server = stage.accept();
        second.send(Frontend.query("select 2"));
        byte[] beforeTheEnd = server.receivedBytes();

        server.send(ANSWER);
        server.send(ANSWER);

        assertThat(beforeTheEnd).isEqualTo(QUERY);
        assertThat(server.receivedBytes()).isEqualTo(Frontend.query("select 2"));
        assertThat(first.receivedBytes()).isEqualTo(ANSWER);
        assertThat(second.receivedBytes()).isEqualTo(ANSWER);
    }

    @Test
    void keepsItsServerInSessionMode() {
        stage.settings.sessionMode = true;
        stage.rebuild();
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();

        server.send(ANSWER);
        int idle = stage.pool().idle();
        server.receivedBytes();
        client.send(Frontend.terminate());

        assertThat(idle).isZero();
        assertThat(server.receivedBytes()).isEqualTo(Frontend.query("DISCARD ALL"));
        stage.source.answerAll();
        server.send(Backend.commandComplete("DISCARD ALL"), Backend.readyForQuery('I'));
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @Test
    void keepsItsServerUntilAWholePipelineIsAnswered() {
        TestChannel client = stage.client();
        client.send(QUERY, BATCH, QUERY);
        TestChannel server = stage.accept();

        server.send(ANSWER);
        server.send(BATCH_ANSWER);
        int idleWithin = stage.pool().idle();
        server.send(ANSWER);

        assertThat(idleWithin).isZero();
        assertThat(stage.pool().idle()).isEqualTo(1);
        assertThat(client.receivedBytes()).isEqualTo(Frontend.concat(ANSWER, BATCH_ANSWER, ANSWER));
    }

    @Test
    void keepsItsServerWhileABatchHasNoSync() {
        TestChannel client = stage.client();
        client.send(Frontend.parse("", "select 1"), Frontend.flush());
        TestChannel server = stage.accept();

        server.send(Backend.empty('1'));
        int idleWithin = stage.pool().idle();
        client.send(Frontend.sync());
        server.send(Backend.readyForQuery('I'));

        assertThat(idleWithin).isZero();
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @Test
    void keepsItsServerWhileTheNextMessageIsCut() {
        TestChannel client = stage.client();
        client.send(QUERY, Arrays.copyOf(QUERY, QUERY.length - 1));
        TestChannel server = stage.accept();

        server.send(ANSWER);
        server.receivedBytes();
        client.send(Arrays.copyOfRange(QUERY, QUERY.length - 1, QUERY.length));
        server.send(ANSWER);

        assertThat(server.receivedBytes()).hasSize(1);
        assertThat(client.receivedBytes()).isEqualTo(Frontend.concat(ANSWER, ANSWER));
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @Test
    void takesNoServerForWhatPostgresIgnores() {
        TestChannel client = stage.client();

        client.send(Frontend.flush(), Frontend.copyData("x"), Frontend.copyDone());
        client.send(Frontend.copyFail("why"));

        assertThat(stage.source.logins).isEmpty();
        assertThat(client.receivedBytes()).isEmpty();
    }

    // ---- bytes --------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void relaysTheSameWhereverTheClientsBytesAreCut(boolean rehearse) {
        stage.rehearse = rehearse;
        stage.source.rehearse = rehearse;
        stage.rebuild();
        byte[] stream = Frontend.concat(QUERY, BATCH, QUERY);
        byte[] answers = Frontend.concat(ANSWER, BATCH_ANSWER, ANSWER);
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();
        server.send(ANSWER);
        client.receivedBytes();
        server.receivedBytes();
        for (int cut = 1; cut < stream.length; cut++) {
            client.send(Arrays.copyOf(stream, cut));
            client.send(Arrays.copyOfRange(stream, cut, stream.length));
            server.sendInPieces(answers, 1 + cut % 17);

            assertThat(server.receivedBytes()).as("cut at %d", cut).isEqualTo(stream);
            assertThat(client.receivedBytes()).as("cut at %d", cut).isEqualTo(answers);
            assertThat(stage.pool().idle()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void relaysWhatCameWhileTheClientWaited(boolean rehearse) {
        stage.rehearse = rehearse;
        stage.source.rehearse = rehearse;
        stage.rebuild();
        byte[] stream = Frontend.concat(QUERY, BATCH);
        for (int size = 1; size < 20; size++) {
            TestChannel client = stage.client();
            client.sendInPieces(stream, size);
            TestChannel server = stage.accept();
            server.send(ANSWER, BATCH_ANSWER);

            assertThat(server.receivedBytes()).isEqualTo(stream);
            assertThat(client.receivedBytes()).isEqualTo(Frontend.concat(ANSWER, BATCH_ANSWER));
            client.send(Frontend.terminate());
            server.disconnectPeer();
        }
    }

    @Test
    void relaysACopyInConstantMemory() {
        TestChannel client = stage.client();
        client.send(Frontend.query("copy t from stdin"));
        TestChannel server = stage.accept();
        server.receivedBytes();
        server.send(Backend.copyInResponse());
        byte[] piece = new byte[60_000];

        client.send(Frontend.header('d', 4 + 50 * piece.length));
        for (int i = 0; i < 50; i++) {
            server.receivedBytes();
            client.send(piece);
            assertThat(server.receivedBytes()).isEqualTo(piece);
        }
        client.send(Frontend.copyDone());
        server.send(Backend.commandComplete("COPY 1"), Backend.readyForQuery('I'));

        assertThat(client.receivedTypes()).isEqualTo("GCZ");
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    // ---- refusals -----------------------------------------------------------------------------

    /** The client cancels its wait: it gets no server. */
    private TestChannel refused(byte[]... messages) {
        TestChannel client = stage.client();
        client.send(messages);
        stage.session(client).onCancelRequest(() -> {});
        return client;
    }

    @Test
    void answersAQueryThatGetsNoServer() {
        stage.settings.loginRetryNanos = SessionStage.LONG.toNanos();
        stage.rebuild();
        TestChannel client = stage.client();
        client.send(QUERY);

        stage.source.refuse(FakeServers.noSuchDatabase());

        List<Message> answer = client.received();

        assertThat(answer).extracting(Message::type).containsExactly('E', 'Z');
        assertThat(answer.getFirst().sqlState()).isEqualTo("3D000");
        assertThat(answer.getFirst().field('S')).isEqualTo("ERROR");
        assertThat(answer.getLast().body()).isEqualTo(new byte[] {'I'});
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void answersABatchThatGetsNoServerOnceAndAtItsSync() {
        TestChannel client = refused(Frontend.parse("", "select 1"), Frontend.bind("", ""));

        String first = client.receivedTypes();
        client.send(Frontend.execute("", 0), Frontend.flush());
        String second = client.receivedTypes();
        client.send(Frontend.sync());

        assertThat(first).isEqualTo("E");
        assertThat(second).isEmpty();
        assertThat(client.receivedTypes()).isEqualTo("Z");
    }

    @ParameterizedTest
    @ValueSource(chars = {'F', 'S'})
    void answersOtherMessagesThatGetNoServer(char type) {
        byte[] message = type == 'F' ? Frontend.functionCall(1) : Frontend.sync();

        assertThat(refused(message).receivedTypes()).isEqualTo("EZ");
    }

    @Test
    void goesOnAfterARefusal() {
        TestChannel client = refused(BATCH);
        client.receivedBytes();

        client.send(QUERY);
        TestChannel server = stage.accept();
        server.send(ANSWER);

        assertThat(server.receivedBytes()).isEqualTo(QUERY);
        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
    }

    @Test
    void asksAgainForEachQueryOfAPipeline() {
        TestChannel client = refused(QUERY, QUERY);

        assertThat(client.receivedTypes()).isEqualTo("EZ");
        assertThat(stage.source.logins).hasSize(1);
        stage.accept().send(ANSWER);
        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
    }

    @Test
    void refusesAClientThatWaitsWithMoreThanThereIsMemoryFor() {
        stage.maxMemoryBytes = 1_000;
        stage.rebuild();
        TestChannel client = stage.client();

        client.send(Frontend.query("x".repeat(2_000)));

        List<Message> answer = client.received();
        assertThat(answer).extracting(Message::type).containsExactly('E', 'Z');
        assertThat(answer.getFirst().sqlState()).isEqualTo("53200");
        assertThat(stage.sessions().memory().used()).isZero();
        assertThat(client.isOpen()).isTrue();
        stage.accept();
    }

    // ---- the end ------------------------------------------------------------------------------

    @Test
    void endsWhenTheClientTerminates() {
        TestChannel client = stage.client();

        client.send(Frontend.terminate());

        assertThat(stage.sessions().all()).isEmpty();
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void answersWhatCameBeforeATerminateInAPipeline() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();
        server.send(ANSWER);
        server.receivedBytes();
        client.receivedBytes();

        client.send(QUERY, Frontend.terminate());

        assertThat(server.receivedBytes()).isEqualTo(QUERY);
        assertThat(client.isOpen()).isTrue();
        server.send(ANSWER);
        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
        assertThat(client.isOpen()).isFalse();
        assertThat(stage.pool().idle()).isEqualTo(1);
        assertThat(stage.sessions().all()).isEmpty();
    }

    @Test
    void executesWhatAWaitingClientSentBeforeItsTerminate() {
        TestChannel client = stage.client();
        client.send(QUERY, Frontend.terminate());

        TestChannel server = stage.accept();

        assertThat(server.receivedBytes()).isEqualTo(QUERY);
        server.send(ANSWER);
        assertThat(stage.pool().idle()).isEqualTo(1);
        assertThat(stage.sessions().all()).isEmpty();
    }

    @Test
    void rollsBackWhenTheClientIsGone() {
        TestChannel client = stage.client();
        client.send(Frontend.query("begin"));
        TestChannel server = stage.accept();
        server.send(begun());
        server.receivedBytes();

        client.disconnectPeer();

        assertThat(server.receivedBytes()).isEqualTo(Frontend.query("ROLLBACK"));
    }

    @Test
    void closesItsServerIfTheClientIsGoneInTheMiddleOfAMessage() {
        TestChannel client = stage.client();
        client.send(Arrays.copyOf(QUERY, QUERY.length - 1));
        TestChannel server = stage.accept();

        client.disconnectPeer();

        assertThat(server.isOpen()).isFalse();
        assertThat(stage.pool().open()).isZero();
    }

    @Test
    void leavesTheQueueWhenTheClientIsGone() {
        TestChannel client = stage.client();
        client.send(QUERY);

        client.disconnectPeer();

        assertThat(stage.pool().shards().getFirst().waitingClients()).isZero();
        stage.accept();
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @Test
    void closesWhenAnIdleClientSendsNoMore() {
        TestChannel client = stage.client();

        client.endInput();

        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void answersAClientThatSendsNoMore() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();

        client.endInput();
        boolean open = client.isOpen();
        server.send(ANSWER);

        assertThat(open).isTrue();
        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
        assertThat(client.isOpen()).isFalse();
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @Test
    void answersAWaitingClientThatSendsNoMore() {
        TestChannel client = stage.client();
        client.send(QUERY);
        client.endInput();

        TestChannel server = stage.accept();
        server.send(ANSWER);

        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void refusesAWaitingClientThatSendsNoMore() {
        TestChannel client = stage.client();
        client.send(QUERY);
        client.endInput();

        stage.session(client).onCancelRequest(() -> {});

        assertThat(client.receivedTypes()).isEqualTo("EZ");
        assertThat(client.isOpen()).isFalse();
    }

    @Test
    void rollsBackTheTransactionOfAClientThatSendsNoMore() {
        TestChannel client = stage.client();
        client.send(Frontend.query("begin"));
        TestChannel server = stage.accept();
        server.receivedBytes();
        client.endInput();

        server.send(begun());

        assertThat(client.receivedTypes()).isEqualTo("CZ");
        assertThat(client.isOpen()).isFalse();
        assertThat(server.receivedBytes()).isEqualTo(Frontend.query("ROLLBACK"));
    }

    @Test
    void endsTheCopyOfAClientThatSendsNoMore() {
        TestChannel client = stage.client();
        client.send(Frontend.query("copy t from stdin"));
        TestChannel server = stage.accept();
        server.receivedBytes();
        server.send(Backend.copyInResponse());

        client.endInput();

        assertThat(server.receivedTypes()).isEqualTo("f");
        assertThat(client.isOpen()).isFalse();
    }

    // ---- violations ---------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(
            strings = {
                "!\0\0\0\4",
                "Q\0\0\0\3",
                "Q\u00ff\u00ff\u00ff\u00ff",
                "Q@\0\0\0",
                "S\0\0'\u0012",
                "p\0\0\0\5x",
                "\0\0\0\0\0"
            })
    void closesOnWhatIsNoMessage(String bytes) {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();
        server.send(ANSWER);
        client.receivedBytes();

        client.send(bytes.getBytes(StandardCharsets.ISO_8859_1));

        List<Message> answer = client.received();
        assertThat(answer).hasSize(1);
        assertThat(answer.getFirst().field('S')).isEqualTo("FATAL");
        assertThat(answer.getFirst().sqlState()).isEqualTo("08P01");
        assertThat(client.isOutputShutdown()).isTrue();
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @Test
    void sendsWhatCameBeforeAViolation() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();
        server.send(ANSWER);
        server.receivedBytes();

        client.send(QUERY, Frontend.header('!', 4));

        assertThat(server.receivedBytes()).isEqualTo(QUERY);
        server.send(ANSWER);
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    // ---- the server breaks --------------------------------------------------------------------

    @Test
    void passesOnWhyPostgresClosedTheConnection() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();

        byte[] reason = Backend.error("FATAL", "57P01", "terminating connection");
        server.send(reason);
        server.disconnectPeer();

        assertThat(client.receivedBytes()).isEqualTo(reason);
        assertThat(client.isOutputShutdown()).isTrue();
        assertThat(stage.pool().open()).isZero();
    }

    @Test
    void tellsThatTheServerIsGoneIfItGaveNoReason() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();

        server.disconnectPeer();

        Message answer = client.received().getFirst();
        assertThat(answer.field('S')).isEqualTo("FATAL");
        assertThat(answer.sqlState()).isEqualTo("08006");
    }

    @Test
    void anIdleClientDoesNotNoticeThatAServerBroke() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();
        server.send(ANSWER);
        client.receivedBytes();

        server.disconnectPeer();
        client.send(QUERY);
        stage.accept().send(ANSWER);

        assertThat(client.receivedBytes()).isEqualTo(ANSWER);
    }

    // ---- back-pressure ------------------------------------------------------------------------

    @Test
    void readsNothingFromAServerWhoseClientDoesNotRead() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();
        client.block();

        server.send(Backend.dataRow("x".repeat(200_000)));
        boolean reads = server.config().isAutoRead();
        boolean readsClient = client.config().isAutoRead();
        client.unblock();

        assertThat(reads).isFalse();
        assertThat(readsClient).isFalse();
        assertThat(server.config().isAutoRead()).isTrue();
        assertThat(client.config().isAutoRead()).isTrue();
    }

    @Test
    void readsNothingFromAClientWhoseServerDoesNotRead() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();
        server.block();

        client.send(Frontend.query("x".repeat(200_000)));
        boolean reads = client.config().isAutoRead();
        server.unblock();

        assertThat(reads).isFalse();
        assertThat(client.config().isAutoRead()).isTrue();
    }

    @Test
    void givesBackAServerThatIsRead() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();
        client.block();

        server.send(Backend.dataRow("x".repeat(200_000)), ANSWER);

        assertThat(stage.pool().idle()).isEqualTo(1);
        assertThat(server.config().isAutoRead()).isTrue();
        assertThat(client.config().isAutoRead()).as("of a client that does not read").isFalse();
        client.unblock();
        assertThat(client.config().isAutoRead()).isTrue();
    }

    @Test
    void readsNoMoreFromAClientThatWaitsWithMuch() {
        TestChannel client = stage.client();

        client.send(Frontend.query("x".repeat(70_000)));
        boolean reads = client.config().isAutoRead();
        TestChannel server = stage.accept();

        assertThat(reads).isFalse();
        assertThat(client.config().isAutoRead()).isTrue();
        assertThat(server.receivedBytes()).hasSizeGreaterThan(70_000);
        assertThat(stage.sessions().memory().used()).isZero();
    }

    @Test
    void closesAClientThatReadsNothingForTooLong() {
        TestChannel client = stage.client();
        client.send(QUERY);
        TestChannel server = stage.accept();
        client.block();
        server.send(Backend.dataRow("x".repeat(200_000)));

        client.advanceTimeBy(61, TimeUnit.MINUTES);
        client.runScheduledPendingTasks();

        assertThat(client.isOpen()).isFalse();
        assertThat(stage.sessions().all()).isEmpty();
    }

    // ---- cancel -------------------------------------------------------------------------------

    @Test
    void cancelsWhatItsServerRuns() {
        TestChannel client = stage.client();
        client.send(QUERY);
        stage.accept();
        var done = new AtomicInteger();

        stage.session(client).onCancelRequest(done::incrementAndGet);
        int early = done.get();
        stage.source.finishCancel();

        assertThat(early).isZero();
        assertThat(done).hasValue(1);
    }

    @Test
    void cancelsItsWait() {
        TestChannel client = stage.client();
        client.send(QUERY);
        var done = new AtomicInteger();

        stage.session(client).onCancelRequest(done::incrementAndGet);

        List<Message> answer = client.received();
        assertThat(answer).extracting(Message::type).containsExactly('E', 'Z');
        assertThat(answer.getFirst().sqlState()).isEqualTo("57014");
        assertThat(done).hasValue(1);
        assertThat(stage.source.cancels).isEmpty();
        stage.accept();
    }

    @Test
    void hasNothingToCancelWhenNothingRuns() {
        TestChannel client = stage.client();
        client.send(Frontend.query("begin"));
        stage.accept().send(begun());
        var done = new AtomicInteger();

        stage.session(client).onCancelRequest(done::incrementAndGet);

        assertThat(done).hasValue(1);
        assertThat(stage.source.cancels).isEmpty();
    }

    // ---- shutdown -----------------------------------------------------------------------------

    @Test
    void anIdleClientGoesAtOnce() {
        TestChannel client = stage.client();

        stage.session(client).onShutdown();

        assertThat(client.received().getFirst().sqlState()).isEqualTo("57P01");
        assertThat(client.isOutputShutdown()).isTrue();
    }

    @Test
    void aClientInATransactionGoesWhenItEnds() {
        TestChannel client = stage.client();
        client.send(Frontend.query("begin"));
        TestChannel server = stage.accept();
        server.send(begun());
        client.receivedBytes();

        stage.session(client).onShutdown();
        String early = client.receivedTypes();
        client.send(Frontend.query("commit"));
        server.send(Backend.commandComplete("COMMIT"), Backend.readyForQuery('I'));

        assertThat(early).isEmpty();
        assertThat(client.receivedTypes()).isEqualTo("CZE");
        assertThat(stage.pool().idle()).isEqualTo(1);
    }

    @Test
    void aWaitingClientIsServedBeforeItGoes() {
        TestChannel client = stage.client();
        client.send(QUERY);

        stage.session(client).onShutdown();
        stage.accept().send(ANSWER);

        assertThat(client.receivedTypes()).isEqualTo("TDCZE");
    }
}
