package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.statement.Statement;

import org.junit.jupiter.api.Test;

import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/** Which sessions go together, by what they hold. */
class HeapRoomTest {
    private static final int KB = 1 << 10;
    private static final int MB = 1 << 20;
    private static final Set<Statement> NONE = Set.of();

    private final AtomicLong left = new AtomicLong(12 * MB);
    private final HeapRoom room = new HeapRoom(left::get);

    private static Statement statement(int length) {
        return new Statement(new byte[length], "", length, 0, true);
    }

    @Test
    void whatIsShortDoesNotCount() {
        left.set(0);

        for (int i = 0; i < 1_000; i++) {
            assertThat(room.take(8 * KB, Set.of(statement(15 * KB)))).isTrue();
        }
        assertThat(room.hasRefused()).isFalse();
    }

    @Test
    void aBatchHoldsLittleHoweverFullTheHeapIs() {
        left.set(0);

        assertThat(room.take(600 * KB, NONE)).isTrue();
        assertThat(room.take(400 * KB, NONE)).isTrue();
        assertThat(room.take(400 * KB, NONE)).isFalse();
        assertThat(room.take(0, NONE)).isTrue();
        assertThat(room.hasRefused()).isFalse(); // it goes with the next batch
    }

    @Test
    void aBatchHoldsMoreIfThereIsRoom() {
        left.set(240 * MB);

        assertThat(room.take(6 * MB, NONE)).isTrue();
        assertThat(room.take(4 * MB, NONE)).isTrue();
        assertThat(room.take(MB, NONE)).isFalse();
    }

    @Test
    void whatIsLargeGoesAlone() {
        assertThat(room.take(2 * MB, NONE)).isTrue();
        assertThat(room.take(17 * KB, NONE)).isFalse();
        assertThat(room.take(15 * KB, NONE)).as("all but what holds nothing").isTrue();
        assertThat(room.hasRefused()).isFalse();
    }

    @Test
    void whatDoesNotFitStays() {
        assertThat(room.take(2 * MB + 1, NONE)).isFalse();
        assertThat(room.hasRefused()).isTrue();
        assertThat(room.take(2 * MB, NONE)).isTrue();
    }

    @Test
    void statementsCountAsWell() {
        assertThat(room.take(MB, Set.of(statement(MB + 1)))).isFalse();
        assertThat(room.hasRefused()).isTrue();
    }

    @Test
    void aStatementOfManyCountsOnce() {
        left.set(0);
        Statement shared = statement(600 * KB);

        for (int i = 0; i < 100; i++) {
            assertThat(room.take(0, Set.of(shared))).isTrue();
        }
        assertThat(room.take(0, Set.of(statement(600 * KB)))).isFalse();
    }
}
