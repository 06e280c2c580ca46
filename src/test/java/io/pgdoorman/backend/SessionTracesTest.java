package io.pgdoorman.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionTracesTest {
    @ParameterizedTest
    @CsvSource({"SET, 1", "LISTEN, 2", "PREPARE, 4", "DO, 64", "CALL, 64", "LOAD, 64"})
    void notesWhatACommandLeaves(String tag, int traces) {
        assertThat(SessionTraces.ofTag(SessionTraces.NONE, tag)).isEqualTo(traces);
        assertThat(SessionTraces.ofTag(SessionTraces.CURSORS, tag))
                .isEqualTo(traces | SessionTraces.CURSORS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1",
                "INSERT 0 1",
                "BEGIN",
                "COMMIT",
                "ROLLBACK",
                "DECLARE CURSOR",
                "CREATE TABLE",
                "COPY 5",
                "DELETE 1",
                "DISCARD ALL",
                "RESET",
                "set",
                ""
            })
    void othersLeaveNothing(String tag) {
        assertThat(SessionTraces.ofTag(SessionTraces.NONE, tag)).isEqualTo(SessionTraces.NONE);
    }

    @Test
    void aCursorStaysOnlyIfItMayBeHeld() {
        int held = SessionTraces.ofTag(SessionTraces.HOLD_WORD, "DECLARE CURSOR");

        assertThat(held & SessionTraces.CURSORS).isNotZero();
        assertThat(SessionTraces.needsCleanup(SessionTraces.HOLD_WORD)).isFalse();
        assertThat(SessionTraces.needsCleanup(held)).isTrue();
    }

    @Test
    void discardAllDoesNotHideWhatAPipelineDidBefore() {
        assertThat(SessionTraces.ofTag(SessionTraces.LISTEN, "DISCARD ALL"))
                .isEqualTo(SessionTraces.LISTEN);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | SET SESSION AUTHORIZATION DEFAULT;RESET ALL",
                "2 | UNLISTEN *",
                "4 | DEALLOCATE ALL",
                "8 | CLOSE ALL",
                "16 | SELECT pg_advisory_unlock_all()",
                "32 | DISCARD TEMP",
                "64 | DISCARD ALL",
                "127 | DISCARD ALL",
                "20 | DEALLOCATE ALL;SELECT pg_advisory_unlock_all()"
            })
    void removesExactlyWhatWasLeft(int traces, String sql) {
        assertThat(SessionTraces.cleanup(traces)).isEqualTo(sql);
    }

    @Test
    void removesEveryKindByItself() {
        for (int trace = 1; trace < SessionTraces.HOLD_WORD; trace <<= 1) {
            assertThat(SessionTraces.needsCleanup(trace)).isTrue();
            assertThat(SessionTraces.cleanup(trace)).isNotEmpty();
        }
        assertThat(SessionTraces.needsCleanup(SessionTraces.NONE)).isFalse();
    }
}
