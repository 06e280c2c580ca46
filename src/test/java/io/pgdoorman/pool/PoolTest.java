package io.pgdoorman.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.Server;
import io.pgdoorman.testing.TestChannel;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.Severity;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.util.List;
import java.util.Map;

/** One pool on one loop: who gets which server, and when. */
@ExtendWith(LeakCheck.class)
class PoolTest extends PoolScenario {
    private static final ParameterSet CET = ParameterSet.of(Map.of("TimeZone", "CET"));

    @Test
    void logsInForTheFirstClient() {
        PoolClient client = stage.client().acquire();

        assertThat(client.isWaiting()).isTrue();
        assertThat(stage.source.logins).hasSize(1);

        Server server = stage.source.accept();

        assertThat(client.server()).isSameAs(server);
        assertThat(client.isWaiting()).isFalse();
        assertThat(stage.pool.open()).isEqualTo(1);
    }

    @Test
    void usesAServerAgain() {
        PoolClient first = stage.linked();
        Server server = first.server();
        first.transact();

        PoolClient second = stage.client().acquire();

        assertThat(second.server()).isSameAs(server);
        assertThat(stage.source.logins).isEmpty();
    }

    @Test
    void keepsATransactionOnItsServer() {
        PoolClient client = stage.linked();

        client.query();
        client.answer('T');
        PoolClient other = stage.client().acquire();

        assertThat(client.isLinked()).isTrue();
        assertThat(other.isWaiting()).isTrue();
    }

    @Test
    void servesClientsInTheOrderTheyCame() {
        PoolClient busy = stage.linked();
        List<PoolClient> waiting = stage.clients(5);
        waiting.forEach(PoolClient::acquire);

        busy.transact();
        for (PoolClient next : waiting) {
            assertThat(next.isLinked()).isTrue();
            assertThat(waiting.stream().filter(PoolClient::isLinked)).hasSize(1);
            next.transact();
        }
    }

    @Test
    void namesThoseWhoHaveWaitedLongest() {
        PoolClient busy = stage.linked();
        List<PoolClient> waiting = stage.clients(4);
        waiting.forEach(PoolClient::acquire);
        waiting.get(1).leave();

        assertThat(busy.shard.longestWaiting(2)).containsExactly(waiting.get(0), waiting.get(2));
        assertThat(busy.shard.longestWaiting(9)).hasSize(3);
        busy.transact();
        assertThat(busy.shard.longestWaiting(9)).containsExactly(waiting.get(2), waiting.get(3));
    }

    @Test
    void forgetsAClientThatLeavesTheQueue() {
        PoolClient busy = stage.linked();
        PoolClient gone = stage.client().acquire();
        PoolClient waiting = stage.client().acquire();

        gone.leave();
        busy.transact();

        assertThat(gone.served).isZero();
        assertThat(waiting.isLinked()).isTrue();
    }

    @Test
    void takesTheServerUsedLastFirst() {
        settings.size = 2;
        restage();
        PoolClient a = stage.linked();
        PoolClient b = stage.linked();
        Server first = a.server();
        Server last = b.server();
        a.transact();
        b.transact();

        assertThat(stage.client().acquire().server()).isSameAs(last);
        assertThat(stage.client().acquire().server()).isSameAs(first);
    }

    @Test
    void takesTheServerIdleLongestFirstIfSetSo() {
        settings.size = 2;
        settings.roundRobin = true;
        restage();
        PoolClient a = stage.linked();
        PoolClient b = stage.linked();
        Server first = a.server();
        a.transact();
        b.transact();

        assertThat(stage.client().acquire().server()).isSameAs(first);
    }

    @Test
    void servesManyClientsThatOnlyLookWithoutRecursion() {
        PoolClient busy = stage.linked();
        List<PoolClient> waiting = stage.clients(10_000);
        waiting.forEach(client -> client.onlyLooks = true);
        waiting.forEach(PoolClient::acquire);

        busy.transact();

        assertThat(waiting).allMatch(client -> client.served == 1);
        assertThat(stage.pool.idle()).isEqualTo(1);
    }

    // ---- limits -------------------------------------------------------------------------------

    @Test
    void opensNoMoreServersThanItsSize() {
        settings.size = 3;
        restage();

        stage.clients(10).forEach(PoolClient::acquire);

        assertThat(stage.source.logins).hasSize(3);
        assertThat(stage.pool.open()).isEqualTo(3);
    }

    @Test
    void makesNoMoreLoginsAtATimeThanAllowed() {
        settings.size = 10;
        settings.maxCreates = 2;
        restage();
        List<PoolClient> clients = stage.clients(5);

        clients.forEach(PoolClient::acquire);
        int atFirst = stage.source.logins.size();
        stage.source.accept();
        stage.tick();

        assertThat(atFirst).isEqualTo(2);
        assertThat(stage.source.logins).hasSize(2);
        assertThat(clients.stream().filter(PoolClient::isLinked)).hasSize(1);
    }

    @Test
    void makesNoMoreLoginsThanClientsWait() {
        settings.size = 10;
        restage();
        stage.clients(2).forEach(PoolClient::acquire);

        stage.tick();
        stage.tick();

        assertThat(stage.source.logins).hasSize(2);
    }

    @Test
    void replacesAServerThatBrokeForThoseWhoWait() {
        PoolClient client = stage.linked();
        PoolClient waiting = stage.client().acquire();

        client.channel().disconnectPeer();

        assertThat(client.isLinked()).isFalse();
        assertThat(stage.source.logins).hasSize(1);
        stage.source.accept();
        assertThat(waiting.isLinked()).isTrue();
        assertThat(stage.pool.open()).isEqualTo(1);
    }

    @Test
    void forgetsAnIdleServerThatBroke() {
        PoolClient client = stage.linked();
        TestChannel channel = client.channel();
        client.transact();

        channel.disconnectPeer();

        assertThat(stage.pool.idle()).isZero();
        assertThat(stage.pool.open()).isZero();
    }

    // ---- deadline -----------------------------------------------------------------------------

    @Test
    void refusesAClientWhoseDeadlineHasPassed() {
        settings.queryWaitNanos = 1;
        restage();
        PoolClient client = stage.client().acquire();

        stage.tick();

        assertThat(client.isWaiting()).isFalse();
        assertThat(client.refusal().severity()).isEqualTo(Severity.ERROR);
        assertThat(client.refusal().sqlState()).isEqualTo(SqlState.TOO_MANY_CONNECTIONS);
        assertThat(client.refusal().message()).contains("query_wait_timeout");
    }

    @Test
    void keepsWaitingUpToTheDeadline() {
        PoolClient client = stage.client().acquire();

        stage.tick();

        assertThat(client.isWaiting()).isTrue();
        assertThat(client.refusal).isNull();
    }

    @Test
    void aServerThatComesTooLateIsIdle() {
        settings.queryWaitNanos = 1;
        restage();
        stage.client().acquire();
        stage.tick();

        stage.source.accept();

        assertThat(stage.pool.idle()).isEqualTo(1);
        assertThat(stage.client().acquire().isLinked()).isTrue();
    }

    // ---- startup parameters -------------------------------------------------------------------

    @Test
    void logsInWithTheStartupParametersOfItsClient() {
        stage.client(CET).acquire();

        assertThat(stage.source.logins.getFirst().profile()).isEqualTo(CET);
    }

    @Test
    void givesNoServerWithOtherStartupParameters() {
        settings.size = 2;
        restage();
        stage.idleServer(0);

        PoolClient client = stage.client(CET).acquire();

        assertThat(client.isWaiting()).isTrue();
        assertThat(stage.source.logins).hasSize(1);
        assertThat(stage.pool.idle()).isEqualTo(1);
    }

    @Test
    void makesRoomForOtherStartupParametersIfItIsFull() {
        stage.idleServer(0);

        PoolClient client = stage.client(CET).acquire();

        assertThat(stage.source.logins).hasSize(1);
        assertThat(stage.source.accept().profile()).isEqualTo(CET);
        assertThat(client.isLinked()).isTrue();
        assertThat(stage.pool.open()).isEqualTo(1);
    }

    @Test
    void convertsAReturningServerForAClientThatWaits() {
        PoolClient busy = stage.linked();
        PoolClient client = stage.client(CET).acquire();

        busy.transact();

        assertThat(stage.source.logins).hasSize(1);
        stage.source.accept();
        assertThat(client.isLinked()).isTrue();
    }

    @Test
    void remembersWhatPostgresReportedForAProfile() {
        PoolClient client = stage.client(CET).acquire();
        ParameterSet before = stage.pool.reported(CET);

        stage.source.accept();

        assertThat(before).isNull();
        assertThat(stage.pool.reported(CET)).isEqualTo(client.server().parameters());
        assertThat(stage.pool.reported(ParameterSet.EMPTY)).isNull();
    }
}
