package io.pgdoorman.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Backend;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.LeakCheck;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/** What happens to a server between two clients. */
@ExtendWith(LeakCheck.class)
class KeeperTest extends PoolScenario {
    @Test
    void cleansAServerBeforeItsNextClient() {
        PoolClient first = stage.linked();
        PoolClient second = stage.client().acquire();
        first.query();

        first.answer("SET", 'I');
        boolean early = second.isLinked();
        stage.source.answerAll();

        assertThat(early).isFalse();
        assertThat(second.isLinked()).isTrue();
        assertThat(second.server().needsCleanup(true)).isFalse();
    }

    @Test
    void doesNotCleanIfItShallNot() {
        settings.cleanup = false;
        restage();
        PoolClient first = stage.linked();
        PoolClient second = stage.client().acquire();
        first.query();

        first.answer("SET", 'I');

        assertThat(second.isLinked()).isTrue();
    }

    @Test
    void closesAServerThatCannotBeCleaned() {
        PoolClient first = stage.linked();
        TestChannel channel = first.channel();
        PoolClient second = stage.client().acquire();
        first.query();
        first.answer("SET", 'I');

        channel.send(Backend.error("42704", "no"), Backend.readyForQuery('I'));

        assertThat(channel.isOpen()).isFalse();
        stage.source.accept();
        assertThat(second.isLinked()).isTrue();
    }

    @Test
    void noClientGetsAServerThatPostgresHasEnded() {
        PoolClient client = stage.linked();
        TestChannel ended = client.channel();
        client.transact();

        ended.send(Backend.error("FATAL", "57P01", "terminating connection"));
        client.acquire();

        assertThat(client.isLinked()).isFalse();
        assertThat(ended.isOpen()).isFalse();
        stage.source.accept();
        assertThat(client.isLinked()).isTrue();
    }

    @Test
    void aServerThatPostgresEndsInTheSameReadAsTheAnswerIsNotForTheNextClient() {
        PoolClient first = stage.linked();
        TestChannel ended = first.channel();
        PoolClient second = stage.client().acquire();
        first.query();

        ended.send(
                Backend.commandComplete("SELECT 1"),
                Backend.readyForQuery('I'),
                Backend.error("FATAL", "57P01", "terminating connection"));

        assertThat(second.isLinked()).isFalse();
        assertThat(ended.isOpen()).isFalse();
    }

    @Test
    void closesAServerWhoseCleanupTakesTooLong() {
        settings.choreNanos = 1;
        restage();
        PoolClient first = stage.linked();
        TestChannel channel = first.channel();
        first.query();
        first.answer("SET", 'I');

        stage.tick();

        assertThat(channel.isOpen()).isFalse();
        assertThat(stage.pool.open()).isZero();
    }

    @Test
    void rollsBackWhatADepartedClientLeftOpen() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        client.answer("BEGIN", 'T');

        client.leave();

        assertThat(stage.pool.idle()).isZero();
        assertThat(channel.receivedBytes()).isEqualTo(Frontend.query("ROLLBACK"));
        channel.send(Backend.commandComplete("ROLLBACK"), Backend.readyForQuery('I'));
        assertThat(stage.pool.idle()).isEqualTo(1);
    }

    @Test
    void drainsTheReplyOfADepartedClient() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        client.leave();
        PoolClient next = stage.client().acquire();

        channel.send(Backend.rowDescription("a"), Backend.dataRow("b"));
        boolean early = next.isLinked();
        channel.send(Backend.commandComplete("SELECT 1"), Backend.readyForQuery('I'));

        assertThat(early).isFalse();
        assertThat(next.isLinked()).isTrue();
        assertThat(stage.source.cancels).isEmpty();
    }

    @Test
    void drainsAndRollsBackATransactionOfADepartedClient() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        client.leave();

        channel.send(Backend.commandComplete("BEGIN"), Backend.readyForQuery('T'));

        assertThat(channel.receivedBytes()).isEqualTo(Frontend.query("ROLLBACK"));
        channel.send(Backend.commandComplete("ROLLBACK"), Backend.readyForQuery('I'));
        assertThat(stage.pool.idle()).isEqualTo(1);
    }

    @Test
    void cancelsALongReplyOfADepartedClient() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        client.leave();
        byte[] row = Backend.dataRow("x".repeat(60_000));

        for (int i = 0; i < 20; i++) {
            channel.send(row);
        }

        assertThat(stage.source.cancels).hasSize(1);
        channel.send(Backend.error("57014", "canceled"), Backend.readyForQuery('I'));
        assertThat(stage.pool.idle()).as("not before the cancel request is through").isZero();
        stage.source.finishCancel();
        assertThat(stage.pool.idle()).isEqualTo(1);
    }

    @Test
    void cancelsWhatADepartedClientLetsRunTooLong() {
        settings.drainNanos = 1;
        restage();
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        client.leave();

        stage.tick();

        assertThat(stage.source.cancels).hasSize(1);
        stage.source.finishCancel();
        channel.send(Backend.error("57014", "canceled"), Backend.readyForQuery('I'));
        assertThat(stage.pool.idle()).isEqualTo(1);
    }

    @Test
    void closesAServerThatDoesNotStop() {
        settings.drainNanos = 1;
        settings.choreNanos = 1;
        restage();
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        client.leave();

        stage.tick();
        stage.tick();

        assertThat(channel.isOpen()).isFalse();
        assertThat(stage.pool.open()).isZero();
    }

    @Test
    void endsTheCopyOfADepartedClient() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        channel.send(Backend.copyInResponse());

        client.leave();

        assertThat(channel.receivedTypes()).isEqualTo("f");
        channel.send(Backend.error("57014", "COPY failed"), Backend.readyForQuery('I'));
        assertThat(stage.pool.idle()).isEqualTo(1);
    }

    @Test
    void endsACopyThatBeginsAfterItsClientHasLeft() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        client.leave();

        channel.send(Backend.copyInResponse());

        assertThat(channel.receivedTypes()).isEqualTo("f");
        channel.send(Backend.error("57014", "COPY failed"), Backend.readyForQuery('I'));
        assertThat(stage.pool.idle()).isEqualTo(1);
    }

    @Test
    void closesAServerWhoseBatchHasNoSync() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.server().onFrontendMessage((byte) 'P');

        client.leave();

        assertThat(channel.isOpen()).isFalse();
        assertThat(stage.pool.open()).isZero();
    }

    @Test
    void endsAFailedBatchThatHasNoSync() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.server().onFrontendMessage((byte) 'P');
        channel.send(Backend.error("42601", "syntax error"));

        client.leave();

        assertThat(channel.receivedTypes()).isEqualTo("S");
        channel.send(Backend.readyForQuery('I'));
        assertThat(stage.pool.idle()).isEqualTo(1);
    }

    @Test
    void closesAServerLeftInTheMiddleOfAMessage() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        client.server().setMessageCut(true);

        client.leave();

        assertThat(channel.isOpen()).isFalse();
        assertThat(channel.receivedBytes()).isEmpty();
    }

    @Test
    void readsFromAServerWhoseClientDidNot() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        channel.config().setAutoRead(false);

        client.leave();

        assertThat(channel.config().isAutoRead()).isTrue();
    }

    @Test
    void neverHandsOutAnIdleServerThatAnsweredWhatNobodyAsked() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.transact();

        channel.send(Backend.readyForQuery('I'));
        PoolClient next = stage.client().acquire();

        assertThat(next.isLinked()).isFalse();
        stage.source.answerAll();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void handsOutNoIdleServerInTheMiddleOfAMessage() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.transact();
        byte[] notice = Backend.notice("the rest would be the next client's");

        channel.send(Arrays.copyOf(notice, 10));
        PoolClient next = stage.client().acquire();
        boolean early = next.isLinked();
        channel.send(Arrays.copyOfRange(notice, 10, notice.length));
        stage.source.answerAll();

        assertThat(early).isFalse();
        assertThat(next.isLinked()).isTrue();
    }

    // ---- cancel requests ------------------------------------------------------------------------

    @Test
    void keepsAServerFromItsNextClientWhileACancelRequestIsOnItsWay() {
        PoolClient client = stage.linked();
        client.query();
        var done = new AtomicInteger();
        client.shard.cancel(client.server(), done::incrementAndGet);
        PoolClient next = stage.client().acquire();

        client.answer('I');
        boolean early = next.isLinked();
        stage.source.finishCancel();

        assertThat(early).isFalse();
        assertThat(next.isLinked()).isTrue();
        assertThat(done).hasValue(1);
    }

    @Test
    void keepsItUntilTheLastOfSeveralCancelRequests() {
        PoolClient client = stage.linked();
        client.query();
        client.shard.cancel(client.server(), () -> {});
        client.shard.cancel(client.server(), () -> {});
        client.answer('I');

        stage.source.finishCancel();
        int idleAfterFirst = stage.pool.idle();
        stage.source.finishCancel();

        assertThat(idleAfterFirst).isZero();
        assertThat(stage.pool.idle()).isEqualTo(1);
    }

    @Test
    void closesAServerWhoseCancelRequestTakesTooLong() {
        settings.choreNanos = 1;
        restage();
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.query();
        client.shard.cancel(client.server(), () -> {});
        client.answer('I');

        stage.tick();

        assertThat(channel.isOpen()).isFalse();
        assertThat(stage.pool.open()).isZero();
    }

    // ---- alive check ---------------------------------------------------------------------------

    @Test
    void probesAServerThatWasIdleForLong() {
        settings.idleCheckNanos = 1;
        restage();
        stage.idleServer(0);

        PoolClient client = stage.client().acquire();

        assertThat(client.isWaiting()).isTrue();
        assertThat(stage.source.logins).isEmpty();
        stage.source.answerAll();
        assertThat(client.isLinked()).isTrue();
    }

    @Test
    void replacesAServerThatGivesNoSignOfLife() {
        settings.idleCheckNanos = 1;
        settings.choreNanos = 1;
        restage();
        stage.idleServer(0);
        PoolClient client = stage.client().acquire();

        stage.tick();

        assertThat(FakeServers.channelOf(stage.source.made.getFirst()).isOpen()).isFalse();
        stage.source.accept();
        assertThat(client.isLinked()).isTrue();
    }
}
