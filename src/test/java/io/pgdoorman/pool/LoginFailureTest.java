package io.pgdoorman.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.backend.LoginFailure;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.Severity;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What clients see of logins at PostgreSQL that fail. */
@ExtendWith(LeakCheck.class)
class LoginFailureTest extends PoolScenario {
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);
    private static final ParameterSet CET = ParameterSet.of(Map.of("TimeZone", "CET"));

    @ParameterizedTest
    @EnumSource(
            value = LoginFailure.Kind.class,
            names = {"UNREACHABLE", "TIMEOUT", "RESOURCES"})
    void triesAgainAfterAFailureThatMayPass(LoginFailure.Kind kind) {
        PoolClient client = stage.client().acquire();

        stage.source.refuse(FakeServers.failure(kind, "08006", "no"));
        stage.tick();

        assertThat(client.isWaiting()).isTrue();
        assertThat(stage.source.logins).hasSize(1);
        stage.source.accept();
        assertThat(client.isLinked()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"57P03", "57P01", "53300", "53200"})
    void triesAgainWhilePostgresHasNoRoomOrStarts(String sqlState) {
        PoolClient client = stage.client().acquire();

        stage.source.refuse(FakeServers.failure(LoginFailure.Kind.REFUSED, sqlState, "not now"));
        stage.tick();

        assertThat(client.isWaiting()).isTrue();
        assertThat(stage.source.logins).hasSize(1);
    }

    @Test
    void aRefusalForGoodIsToldThoughThereIsNoPause() {
        settings.loginRetryNanos = 0;
        restage();
        PoolClient client = stage.client().acquire();

        stage.source.refuse(FakeServers.failure(LoginFailure.Kind.REFUSED, "28P01", "wrong"));
        stage.run();

        assertThat(client.isWaiting()).isFalse();
        assertThat(client.refusal().sqlState()).isEqualTo("28P01");
        assertThat(stage.source.logins).isEmpty();
    }

    @Test
    void pausesAfterAFailedLogin() {
        settings.loginRetryNanos = HOUR;
        restage();
        PoolClient client = stage.client().acquire();

        stage.source.refuse(FakeServers.unreachable());
        stage.tick();

        assertThat(client.isWaiting()).isTrue();
        assertThat(stage.source.logins).isEmpty();
    }

    @Test
    void tellsAClientWhoseDeadlineHasPassedWhyNoLoginSucceeded() {
        settings.queryWaitNanos = 1;
        restage();
        PoolClient client = stage.client().acquire();

        stage.source.refuse(FakeServers.unreachable());
        stage.tick();

        assertThat(client.refusal().sqlState()).isEqualTo(SqlState.CONNECTION_FAILURE);
        assertThat(client.refusal().message()).isEqualTo("connection refused");
        assertThat(client.refusal().severity()).isEqualTo(Severity.ERROR);
    }

    @ParameterizedTest
    @EnumSource(
            value = LoginFailure.Kind.class,
            names = {"REFUSED", "IMPOSSIBLE"})
    void refusesAtOnceInPostgresWordsWhatWillNotPass(LoginFailure.Kind kind) {
        settings.loginRetryNanos = HOUR;
        restage();
        List<PoolClient> clients = stage.clients(3);
        clients.forEach(PoolClient::acquire);

        stage.source.refuse(FakeServers.failure(kind, "3D000", "no such database"));
        stage.run();

        for (PoolClient client : clients) {
            assertThat(client.refusal().sqlState()).isEqualTo("3D000");
            assertThat(client.refusal().message()).isEqualTo("no such database");
            assertThat(client.refusal().severity()).isEqualTo(Severity.ERROR);
        }
    }

    @Test
    void refusesOnlyClientsWithTheStartupParametersPostgresRefused() {
        settings.loginRetryNanos = HOUR;
        settings.size = 2;
        restage();
        PoolClient plain = stage.client().acquire();
        PoolClient special = stage.client(CET).acquire();

        stage.source.logins.addLast(stage.source.logins.removeFirst());
        stage.source.refuse(
                FakeServers.failure(LoginFailure.Kind.REFUSED, "22023", "invalid time zone"));
        stage.run();

        assertThat(special.refusal().sqlState()).isEqualTo("22023");
        assertThat(plain.isWaiting()).isTrue();
    }

    @Test
    void refusesNobodyWhileAServerOfTheProfileIsThere() {
        settings.loginRetryNanos = HOUR;
        settings.size = 2;
        restage();
        PoolClient busy = stage.linked();
        PoolClient client = stage.client().acquire();

        stage.source.refuse(FakeServers.noSuchDatabase());
        stage.run();

        assertThat(client.isWaiting()).isTrue();
        busy.transact();
        assertThat(client.isLinked()).isTrue();
    }

    @Test
    void refusesWithoutAnotherLoginWhatWasJustRefused() {
        settings.loginRetryNanos = HOUR;
        restage();
        stage.client().acquire();
        stage.source.refuse(FakeServers.noSuchDatabase());

        PoolClient client = stage.client().acquire();
        stage.tick();

        assertThat(client.refusal().sqlState()).isEqualTo("3D000");
        assertThat(stage.source.logins).isEmpty();
    }

    @Test
    void aRefusedProfileDoesNotHoldUpOthers() {
        settings.loginRetryNanos = HOUR;
        restage();
        stage.client(CET).acquire();
        stage.source.refuse(FakeServers.noSuchDatabase());

        PoolClient client = stage.client().acquire();

        assertThat(stage.source.logins).hasSize(1);
        stage.source.accept();
        assertThat(client.isLinked()).isTrue();
    }

    @Test
    void forgetsTheFailureAfterTheNextLogin() {
        settings.size = 2;
        restage();
        PoolClient client = stage.client().acquire();
        stage.source.refuse(FakeServers.unreachable());
        stage.tick();

        stage.source.accept();

        assertThat(client.isLinked()).isTrue();
        assertThat(stage.pool.lastFailure()).isNull();
    }
}
