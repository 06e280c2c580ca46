package io.pgdoorman.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.backend.Server;
import io.pgdoorman.wire.LeakCheck;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** One pool on two loops. */
@ExtendWith(LeakCheck.class)
class LoopsTest {
    private final SettingsBuilder settings = new SettingsBuilder();
    private PoolStage stage = new PoolStage(settings, 2, null);

    private void restage() {
        stage = new PoolStage(settings, 2, null);
    }

    @AfterEach
    void everyPermitComesBack() {
        stage.pool.close();
        stage.run();
        stage.source.made.forEach(server -> FakeServers.channelOf(server).disconnectPeer());
        stage.tick();
        stage.source.dispose();
        assertThat(stage.pool.open() - stage.source.logins.size()).isZero();
    }

    @Test
    void movesAnIdleServerToALoopThatHasNone() {
        stage.idleServer(0);

        PoolClient client = stage.client(1).acquire();
        boolean early = client.isLinked();
        stage.run();

        assertThat(early).isFalse();
        assertThat(client.isLinked()).isTrue();
        assertThat(stage.source.moves).isEqualTo(1);
        assertThat(stage.pool.open()).isEqualTo(1);
        assertThat(stage.pool.shards().get(0).servers()).isEmpty();
        assertThat(stage.pool.shards().get(1).servers()).hasSize(1);
    }

    @Test
    void movesAReturningServerToTheLoopWhoseClientWaitsLongest() {
        PoolClient busy = stage.linked(0);
        PoolClient other = stage.client(1).acquire();

        busy.transact();
        stage.run();

        assertThat(other.isLinked()).isTrue();
    }

    @Test
    void keepsAReturningServerWhereOthersHaveWaitedAsLong() {
        PoolClient busy = stage.linked(0);
        PoolClient same = stage.client(0).acquire();
        PoolClient other = stage.client(1).acquire();

        busy.transact();
        stage.run();

        assertThat(same.isLinked()).isTrue();
        assertThat(other.isWaiting()).isTrue();
    }

    @Test
    void usesAMovedServerAgain() {
        stage.idleServer(0);
        PoolClient client = stage.client(1).acquire();
        stage.run();
        Server server = client.server();

        client.transact();

        assertThat(stage.client(1).acquire().server()).isSameAs(server);
    }

    @Test
    void losesNoPermitIfAServerBreaksWhileItMoves() {
        stage.idleServer(0);
        Server server = stage.source.made.getFirst();
        PoolClient client = stage.client(1).acquire();
        stage.loops.get(0).run(); // it has left the one loop, and not come to the other

        FakeServers.channelOf(server).disconnectPeer();
        stage.run();

        assertThat(client.isWaiting()).isTrue();
        assertThat(stage.source.logins).hasSize(1);
        assertThat(stage.pool.open()).isEqualTo(1);
        stage.source.accept();
        assertThat(client.isLinked()).isTrue();
    }

    @Test
    void servesTheOthersOfALoopWhoseClientLeavesWhileAServerMoves() {
        stage.idleServer(0);
        PoolClient client = stage.client(1).acquire();
        stage.loops.get(0).run();

        client.leave();
        stage.run();

        assertThat(stage.pool.idle()).isEqualTo(1);
        assertThat(stage.client(1).acquire().isLinked()).isTrue();
    }

    @Test
    void spreadsItsMinimumOverTheLoops() {
        settings.size = 4;
        settings.minSize = 4;
        restage();

        stage.pool.prewarm();
        for (int i = 0; i < 10; i++) {
            stage.run();
            while (!stage.source.logins.isEmpty()) {
                stage.source.accept();
            }
        }

        assertThat(stage.pool.open()).isEqualTo(4);
        for (Shard shard : stage.pool.shards()) {
            assertThat(shard.servers()).hasSize(2);
        }
    }

    @Test
    void sharesOneQuotaBetweenItsLoops() {
        settings.size = 4;
        restage();
        stage.source.idleNanos = 0;
        PoolClient[] clients = {stage.linked(0), stage.linked(0), stage.linked(1), stage.linked(1)};
        for (PoolClient client : clients) {
            client.transact();
        }

        stage.pool.retain(new AtomicInteger(3));
        stage.run();

        assertThat(stage.pool.open()).isEqualTo(1);
    }

    @Test
    void refusesTheClientsOfAllLoopsWhatPostgresRefuses() {
        settings.loginRetryNanos = TimeUnit.HOURS.toNanos(1);
        restage();
        PoolClient here = stage.client(0).acquire();
        PoolClient there = stage.client(1).acquire();

        stage.source.refuse(FakeServers.noSuchDatabase());
        stage.tick();

        assertThat(Objects.requireNonNull(here.refusal).sqlState()).isEqualTo("3D000");
        assertThat(Objects.requireNonNull(there.refusal).sqlState()).isEqualTo("3D000");
    }
}
