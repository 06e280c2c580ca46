package io.pgdoorman.process.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.process.load.TamperingProxy.Mistake;
import io.pgdoorman.testing.PostgresServer;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * The clients of the load in front of PostgreSQL itself: no fault where there is none, and a fault
 * of each kind of client for one message that is changed, lost or doubled.
 */
class LoadClientIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(5);
    private static final Duration WORK_LIMIT = Duration.ofSeconds(30);
    private static final int ROUNDS = 2;
    private static String database;
    private static int numbers;

    @BeforeAll
    static void createDatabase() {
        database = LoadPool.TRANSACTION_2.createDatabase(SERVER);
    }

    @Test
    void noKindFindsAFaultWithPostgres() throws InterruptedException {
        List<Trial> trials = trials(Mistake.NONE, 0);
        for (Trial trial : trials) {
            trial.letWorkFor(ROUNDS);
        }

        List<String> faults = faults(trials);

        assertThat(faults).isEmpty();
        assertThat(trials).allMatch(trial -> trial.client.rounds() >= trial.expectedRounds());
    }

    @ParameterizedTest
    @CsvSource({
        "ANSWER_CHANGED, 1",
        "ANSWER_CHANGED, 2",
        "ANSWER_LOST, 1",
        "ANSWER_LOST, 2",
        "ANSWER_TWICE, 1",
        "ANSWER_TWICE, 2",
        "REQUEST_CHANGED, 1",
        "REQUEST_CHANGED, 2"
    })
    void everyKindNoticesOneWrongMessage(Mistake mistake, int which) throws InterruptedException {
        List<Trial> trials = trials(mistake, which);
        for (Trial trial : trials) {
            trial.letWorkFor(Long.MAX_VALUE);
        }

        List<String> faults = faults(trials);

        assertThat(faults).hasSameSizeAs(ClientKind.values());
    }

    private static List<Trial> trials(Mistake mistake, int which) {
        return Arrays.stream(ClientKind.values())
                .map(kind -> new Trial(kind, mistake, which))
                .toList();
    }

    /** Stops the clients of all {@code trials}. */
    private static List<String> faults(List<Trial> trials) throws InterruptedException {
        for (Trial trial : trials) {
            trial.stop();
        }
        return trials.stream()
                .flatMap(trial -> trial.client.fault().stream())
                .map(Fault::toString)
                .toList();
    }

    /** One client with a proxy of its own. */
    private static final class Trial {
        private final Pace pace = Pace.withoutPauses();
        private final TamperingProxy proxy;
        private final LoadClient client;

        Trial(ClientKind kind, Mistake mistake, int which) {
            proxy = new TamperingProxy(SERVER.address(), mistake, which);
            LoadPool pool = kind.pool();
            var door =
                    new Door(proxy.address(), pool.user(), pool.password(), database, ANSWER_LIMIT);
            int number = ++numbers;
            var seat = new Seat(0, number, new Door.Pair(door, door), pace, new Random(number));
            client = new LoadClient(kind, seat, _ -> {}).start();
        }

        /** Waits until it has done {@code rounds}, or has found a fault, or works for too long. */
        void letWorkFor(long rounds) throws InterruptedException {
            if (client.kind() == ClientKind.SILENT) {
                pace.stop(); // only the end tells
                return;
            }
            client.awaitRounds(rounds, WORK_LIMIT);
        }

        long expectedRounds() {
            return client.kind() == ClientKind.SILENT ? 1 : ROUNDS;
        }

        void stop() throws InterruptedException {
            pace.stop();
            client.awaitEnd(WORK_LIMIT.toMillis());
            proxy.close();
        }
    }
}
