package io.pgdoorman.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.testing.ManualLoop;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.SqlState;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** Two users of a database that has a limit of its own. */
@ExtendWith(LeakCheck.class)
class CoordinatorTest {
    private final SettingsBuilder settings = new SettingsBuilder();
    private final List<ManualLoop> loops = List.of(new ManualLoop());
    private Coordinator coordinator = new Coordinator(2, 0);
    private PoolStage alice = stage("alice");
    private PoolStage bob = stage("bob");

    private PoolStage stage(String user) {
        settings.size = 10;
        settings.coordinated = true;
        return new PoolStage(settings, user, loops, coordinator);
    }

    private void restage(int max, int reserve) {
        coordinator = new Coordinator(max, reserve);
        alice = stage("alice");
        bob = stage("bob");
    }

    @AfterEach
    void everyPermitComesBack() {
        for (PoolStage stage : List.of(alice, bob)) {
            while (!stage.source.logins.isEmpty()) {
                stage.source.refuse(FakeServers.unreachable());
            }
            stage.pool.close();
            stage.run();
            stage.source.made.forEach(server -> FakeServers.channelOf(server).disconnectPeer());
            stage.tick();
            stage.source.dispose();
        }
        assertThat(alice.pool.open()).isZero();
        assertThat(bob.pool.open()).isZero();
        assertThat(coordinator.used()).isZero();
    }

    @Test
    void limitsAllUsersTogether() {
        alice.linked();
        bob.linked();

        PoolClient client = alice.client().acquire();

        assertThat(client.isWaiting()).isTrue();
        assertThat(alice.source.logins).isEmpty();
        assertThat(coordinator.used()).isEqualTo(2);
    }

    @Test
    void closesAnIdleServerOfAnotherUser() {
        alice.linked().transact();
        alice.linked();
        PoolClient second = alice.client().acquire();
        alice.source.accept();
        second.transact();
        PoolClient client = bob.client().acquire();

        alice.run();
        bob.run();

        assertThat(alice.pool.open()).isEqualTo(1);
        bob.source.accept();
        assertThat(client.isLinked()).isTrue();
        assertThat(coordinator.used()).isEqualTo(2);
    }

    @Test
    void closesNoServerOfTheGuaranteedNumber() {
        settings.guaranteedSize = 2;
        restage(2, 0);
        PoolClient a = alice.linked();
        PoolClient b = alice.linked();
        a.transact();
        b.transact();

        PoolClient client = bob.client().acquire();
        alice.tick();

        assertThat(alice.pool.open()).isEqualTo(2);
        assertThat(client.isWaiting()).isTrue();
    }

    @Test
    void closesNoServerThatIsTooYoung() {
        settings.minConnectionLifetimeNanos = Long.MAX_VALUE / 4;
        restage(2, 0);
        PoolClient a = alice.linked();
        PoolClient b = alice.linked();
        a.transact();
        b.transact();

        PoolClient client = bob.client().acquire();
        alice.tick();

        assertThat(alice.pool.open()).isEqualTo(2);
        assertThat(client.isWaiting()).isTrue();
    }

    @Test
    void usesTheReserveOnlyForClientsThatHaveWaitedLong() {
        restage(2, 1);
        alice.linked();
        alice.linked();

        bob.client().acquire();
        bob.tick();

        assertThat(bob.source.logins).isEmpty();
        assertThat(coordinator.isReserveUsed()).isFalse();
    }

    @Test
    void usesTheReserve() {
        settings.reserveAfterNanos = 0;
        restage(2, 1);
        alice.linked();
        alice.linked();

        PoolClient client = bob.linked();
        PoolClient tooMany = bob.client().acquire();
        bob.tick();

        assertThat(client.isLinked()).isTrue();
        assertThat(tooMany.isWaiting()).isTrue();
        assertThat(coordinator.used()).isEqualTo(3);
        assertThat(coordinator.isReserveUsed()).isTrue();
    }

    @Test
    void givesTheReserveBackWhenItIsNoLongerNeeded() {
        settings.reserveAfterNanos = 0;
        restage(1, 1);
        alice.linked();
        PoolClient client = bob.linked();
        client.transact();

        bob.pool.retain(new AtomicInteger(10));
        bob.run();

        assertThat(coordinator.used()).isEqualTo(1);
        assertThat(bob.pool.open()).isZero();
    }

    @Test
    void tellsTheClientThatWaitsWhenAServerIsClosed() {
        PoolClient a = alice.linked();
        alice.linked();
        PoolClient client = bob.client().acquire();

        a.channel().disconnectPeer();
        alice.run();

        assertThat(bob.source.logins).hasSize(1);
        bob.source.accept();
        assertThat(client.isLinked()).isTrue();
    }

    @Test
    void tellsTheClientWhoseDeadlineHasPassedThatTheDatabaseIsFull() {
        settings.queryWaitNanos = 1;
        restage(1, 0);
        PoolClient busy = alice.client().acquire();
        alice.source.accept();
        PoolClient client = bob.client().acquire();

        bob.tick();

        assertThat(busy.isLinked()).isTrue();
        assertThat(client.refusal().sqlState()).isEqualTo(SqlState.TOO_MANY_CONNECTIONS);
        assertThat(client.refusal().message()).contains("max=1").contains("'bob'");
    }

    @Test
    void waitsForAServerToComeBackBeforeALoginIsMade() {
        settings.warmSize = 1;
        restage(5, 0);
        PoolClient busy = alice.linked();

        PoolClient client = alice.client().acquire();
        int logins = alice.source.logins.size();
        busy.transact();

        assertThat(logins).isZero();
        assertThat(client.isLinked()).isTrue();
    }

    @Test
    void makesRoomForOtherStartupParametersIfTheDatabaseIsFull() {
        bob.linked();
        alice.linked().transact();
        var client = alice.client(ParameterSet.of(Map.of("TimeZone", "CET"))).acquire();

        alice.tick();

        assertThat(alice.source.logins).hasSize(1);
        alice.source.accept();
        assertThat(client.isLinked()).isTrue();
        assertThat(coordinator.used()).isEqualTo(2);
    }

    /** Both processes of a handover together keep to the limit and to the reserve. */
    @Test
    void theReserveIsOnlyForClientsThatHaveWaitedLongWhileTheLimitIsShared() {
        var here = new Coordinator(2, 1);
        var there = new Coordinator(2, 1);
        here.share(true);
        there.share(false);
        assertThat(here.tryAcquire(false)).isTrue();
        assertThat(here.tryAcquire(false)).isTrue();
        here.onLeft(); // with its client
        there.onArrived();

        assertThat(here.tryAcquire(false)).isFalse();
        assertThat(there.tryAcquire(false)).isFalse();
        assertThat(there.tryAcquire(true)).isFalse(); // it is not here
        assertThat(here.tryAcquire(true)).isTrue();
        assertThat(here.tryAcquire(true)).isFalse();
        assertThat(here.reserveAcquisitions()).isEqualTo(1);
        here.onLeft();
        there.onArrived();
        here.onLeft();
        there.onArrived();
        assertThat(here.tryAcquire(true)).isFalse();
        there.unshare();
        assertThat(there.used()).isEqualTo(3);
        assertThat(there.tryAcquire(true)).isFalse();
        there.release();
        assertThat(there.tryAcquire(false)).isFalse();
        assertThat(there.tryAcquire(true)).isTrue();
    }

    @Test
    void aFailedLoginGivesItsPermitBack() {
        alice.client().acquire();

        alice.source.refuse(FakeServers.unreachable());

        assertThat(coordinator.used()).isZero();
    }
}
