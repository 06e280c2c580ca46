package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchSizeTest {
    private static final int ALL = 100;
    private static final long QUICK = 4;
    private static final long SLOW = 8;
    private static final long TIME_ENOUGH = Long.MAX_VALUE;

    private final BatchSize size = new BatchSize(4, 32, QUICK, SLOW);

    @Test
    void theFirstIsSmallHoweverLittleTimeThereIs() {
        assertThat(size.most(ALL, TIME_ENOUGH)).isEqualTo(4);
        assertThat(size.most(ALL, -1)).isEqualTo(4);
    }

    @Test
    void itDoublesWhileBatchesAreQuickAndHalvesWhenTheyAreSlow() {
        for (int expected : new int[] {8, 16, 32, 32}) {
            size.onTaken(QUICK - 1);
            assertThat(size.most(ALL, TIME_ENOUGH)).isEqualTo(expected);
        }
        size.onTaken((QUICK + SLOW) / 2);
        assertThat(size.most(ALL, TIME_ENOUGH)).isEqualTo(32);
        for (int expected : new int[] {16, 8, 4, 4}) {
            size.onTaken(SLOW + 1);
            assertThat(size.most(ALL, TIME_ENOUGH)).isEqualTo(expected);
        }
    }

    /** Batches of 10, each of which another one of 10 follows. */
    @ParameterizedTest
    @CsvSource({
        "100, 1000, 4", // 50 batches of 2 would do
        "100, 200, 10",
        "101, 200, 11",
        "100, 80, 25",
        "100, 20, 32",
        "100, 0, 32",
        "100, -500, 32",
        "3, -500, 4"
    })
    void itIsAsLargeAsTheTimeLeftDemands(int waiting, long left, int expected) {
        size.onTaken(10);

        assertThat(size.most(waiting, left)).isEqualTo(expected);
    }
}
