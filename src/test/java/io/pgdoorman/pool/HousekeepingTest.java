package io.pgdoorman.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.backend.Server;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.SqlState;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** Minimum, lifetime, idle time, and the end of a pool. */
@ExtendWith(LeakCheck.class)
class HousekeepingTest extends PoolScenario {
    /** Long enough that a login and a transaction take less. */
    private static final Duration LIFETIME = Duration.ofMillis(100);

    private void retain(int quota) {
        stage.pool.retain(new AtomicInteger(quota));
        stage.run();
    }

    @Test
    void opensItsMinimumInAdvance() {
        settings.size = 5;
        settings.minSize = 3;
        restage();

        CompletableFuture<Void> prewarmed = stage.pool.prewarm();
        stage.run();
        while (!stage.source.logins.isEmpty()) {
            assertThat(prewarmed).isNotDone();
            stage.source.accept();
            stage.run();
        }

        assertThat(prewarmed).isDone();
        assertThat(stage.pool.open()).isEqualTo(3);
        assertThat(stage.pool.idle()).isEqualTo(3);
    }

    @Test
    void waitsNoLongerForItsMinimumWhenALoginFails() {
        settings.size = 5;
        settings.minSize = 1;
        restage();
        CompletableFuture<Void> prewarmed = stage.pool.prewarm();
        stage.run();

        stage.source.refuse(FakeServers.unreachable());
        stage.run();

        assertThat(prewarmed).isDone();
    }

    @Test
    void opensItsMinimumAgain() {
        settings.size = 5;
        settings.minSize = 2;
        restage();
        stage.idleServer(0);

        retain(100);

        assertThat(stage.pool.open()).isEqualTo(2);
        assertThat(stage.source.logins).hasSize(1);
    }

    @Test
    void closesServersThatWereIdleTooLong() {
        stage.source.idleNanos = 0;
        stage.idleServer(0);

        retain(100);

        assertThat(stage.pool.open()).isZero();
    }

    @Test
    void closesNoIdleServersBelowItsMinimum() {
        settings.size = 3;
        settings.minSize = 2;
        restage();
        stage.source.idleNanos = 0;
        List<PoolClient> clients = List.of(stage.linked(), stage.linked(), stage.linked());
        clients.forEach(PoolClient::transact);

        retain(100);

        assertThat(stage.pool.open()).isEqualTo(2);
    }

    /** A server whose lifetime is over while its client has it. */
    private PoolClient linkedForLong() {
        stage.source.lifetimeNanos = LIFETIME.toNanos();
        PoolClient client = stage.linked();
        long born = client.server().identity().bornNanos();
        await().pollInterval(Duration.ofMillis(5))
                .until(() -> System.nanoTime() - born > 2 * LIFETIME.toNanos());
        stage.source.lifetimeNanos = Long.MAX_VALUE;
        return client;
    }

    @Test
    void leavesServersInUseAlone() {
        stage.source.idleNanos = 0;
        PoolClient client = linkedForLong();

        retain(100);

        assertThat(client.isLinked()).isTrue();
        assertThat(stage.pool.open()).isEqualTo(1);
    }

    @Test
    void closesAnOldServerWhenItComesBack() {
        PoolClient client = linkedForLong();
        TestChannel channel = client.channel();

        client.transact();

        assertThat(channel.isOpen()).isFalse();
        assertThat(stage.pool.open()).isZero();
    }

    @Test
    void replacesAnOldServerEvenIfClientsWait() {
        PoolClient client = linkedForLong();
        PoolClient waiting = stage.client().acquire();

        client.transact();
        stage.source.accept();

        assertThat(waiting.isLinked()).isTrue();
        assertThat(stage.source.made).hasSize(2);
        assertThat(stage.pool.open()).isEqualTo(1);
    }

    @Test
    void closesAnIdleServerThatHasBecomeOld() {
        stage.source.lifetimeNanos = LIFETIME.toNanos();
        stage.idleServer(0);
        long idleSince = System.nanoTime();
        await().pollInterval(Duration.ofMillis(5))
                .until(() -> System.nanoTime() - idleSince > LIFETIME.toNanos());

        retain(100);

        assertThat(stage.pool.open()).isZero();
    }

    @Test
    void closesNoMoreInOneRoundThanTheQuotaAllows() {
        settings.size = 5;
        restage();
        stage.source.idleNanos = 0;
        List<PoolClient> clients =
                List.of(stage.linked(), stage.linked(), stage.linked(), stage.linked());
        clients.forEach(PoolClient::transact);

        retain(3);

        assertThat(stage.pool.open()).isEqualTo(1);
    }

    // ---- close --------------------------------------------------------------------------------

    @Test
    void closesIdleServersAtOnceAndOthersAsTheyComeBack() {
        settings.size = 2;
        restage();
        PoolClient busy = stage.linked();
        stage.idleServer(0);

        stage.pool.close();
        stage.run();
        int afterClose = stage.pool.open();
        busy.transact();

        assertThat(afterClose).isEqualTo(1);
        assertThat(stage.pool.open()).isZero();
    }

    @Test
    void refusesThoseWhoWaitWhenItCloses() {
        PoolClient client = stage.client().acquire();

        stage.pool.close();
        stage.run();

        assertThat(client.refusal().sqlState()).isEqualTo(SqlState.ADMIN_SHUTDOWN);
    }

    @Test
    void refusesThoseWhoComeAfterItsClose() {
        stage.pool.close();
        stage.run();

        PoolClient client = stage.client().acquire();
        stage.tick();

        assertThat(client.refusal().sqlState()).isEqualTo(SqlState.ADMIN_SHUTDOWN);
        assertThat(stage.source.logins).isEmpty();
    }

    @Test
    void closesAServerWhoseLoginEndsAfterItsClose() {
        stage.client().acquire();
        stage.pool.close();
        stage.run();

        Server server = stage.source.accept();

        assertThat(FakeServers.channelOf(server).isOpen()).isFalse();
        assertThat(stage.pool.open()).isZero();
    }
}
