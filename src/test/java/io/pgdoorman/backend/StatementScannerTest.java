package io.pgdoorman.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

class StatementScannerTest {
    private static final List<String> TELLING =
            List.of(
                    "select set_config('a.b', 'c', false)",
                    "select pg_advisory_lock(1)",
                    "create temp table t (a int)",
                    "create temporary table t (a int)",
                    "select * from pg_temp.t",
                    "declare c cursor with hold for select 1",
                    "select 1");

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "select set_config('x','y',false) | 1",
                "select pg_catalog.set_config('x','y',true) | 1",
                "set_config | 1",
                "select pg_advisory_lock(1) | 16",
                "select pg_try_advisory_lock_shared(1, 2) | 16",
                "select pg_advisory_xact_lock(1) | 16",
                "create temp table t () | 32",
                "CREATE TEMPORARY TABLE t () | 32",
                "create local temp view v as select 1 | 32",
                "select 1 into temp t | 32",
                "create table pg_temp.t () | 32",
                "create function pg_temp.f() returns int | 32",
                "declare c cursor with hold for select 1 | 128",
                "DECLARE c CURSOR WITH HOLD FOR SELECT 1 | 128",
                "temp | 32",
                "hold | 128",
                "create temp/**/table t () | 32",
                "create/**/temp table t () | 32",
                "begin;select pg_advisory_lock(1);create temp table t() | 48",
                "select 1 | 0"
            })
    void findsTheWordsThatLeaveTraces(String statement, int traces) {
        assertThat(StatementScanner.tracesOf(statement)).isEqualTo(traces);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select temperature from weather",
                "select template from t",
                "select attempt, temp_celsius, room_temp from t",
                "select * from household, shareholders",
                "select threshold, hold1, hold_, _hold, $hold, hold$ from t",
                "select temporarily, contemporary from t",
                "select adviser, advisor, advisories from t",
                "select setconfig, set config, set__config from t",
                "select tempé, étemp, holdé from t",
                "select te mp, ho ld, pg_tem p from t"
            })
    void isNotMisledByLongerWords(String statement) {
        assertThat(StatementScanner.tracesOf(statement)).isEqualTo(SessionTraces.NONE);
    }

    @Test
    void readsAnyCase() {
        for (String statement : TELLING) {
            int expected = StatementScanner.tracesOf(statement);

            assertThat(StatementScanner.tracesOf(statement.toUpperCase(Locale.ROOT)))
                    .isEqualTo(expected);
            assertThat(StatementScanner.tracesOf(alternate(statement))).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "\t", "\n", "\r", "(", ")", ";", ",", ".", "\"", "'", "=", "\0"})
    void takesAnyOtherCharacterForABoundary(String boundary) {
        assertThat(StatementScanner.tracesOf("create" + boundary + "temp" + boundary + "table"))
                .isEqualTo(SessionTraces.TEMPORARY);
    }

    @Test
    void findsTheSameWhereverTheStatementIsCut() {
        for (String statement : TELLING) {
            byte[] bytes = (statement + "\0").getBytes(StandardCharsets.UTF_8);
            int expected = StatementScanner.tracesOf(statement);
            for (int first = 0; first <= bytes.length; first++) {
                for (int second = first; second <= bytes.length; second++) {
                    assertThat(tracesCutAt(bytes, first, second))
                            .as("%s cut at %d and %d", statement, first, second)
                            .isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void findsTheSameByteByByte() {
        for (String statement : TELLING) {
            byte[] bytes = (statement + "\0").getBytes(StandardCharsets.UTF_8);
            var hits = new StatementScanner.Hits();
            ByteBuf text = Unpooled.wrappedBuffer(bytes);
            long state = StatementScanner.START;
            for (int i = 0; i < bytes.length; i++) {
                // A new object each time: nothing but the number is carried over.
                var fresh = new StatementScanner.Hits();
                state = StatementScanner.scan(state, text, i, 1, fresh);
                hits.found |= fresh.found;
            }

            assertThat(hits.traces()).isEqualTo(StatementScanner.tracesOf(statement));
        }
    }

    @Test
    void looksOnlyAtTheGivenBytes() {
        ByteBuf text = Unpooled.copiedBuffer(" temp select 1 temp ", StandardCharsets.US_ASCII);
        var hits = new StatementScanner.Hits();

        StatementScanner.scan(StatementScanner.START, text, 6, 8, hits);

        assertThat(hits.traces()).isEqualTo(SessionTraces.NONE);
    }

    @Test
    void survivesEveryByteValue() {
        byte[] bytes = new byte[256];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        var hits = new StatementScanner.Hits();

        StatementScanner.scan(
                StatementScanner.START, Unpooled.wrappedBuffer(bytes), 0, bytes.length, hits);

        assertThat(hits.traces()).isEqualTo(SessionTraces.NONE);
    }

    private static int tracesCutAt(byte[] bytes, int first, int second) {
        ByteBuf text = Unpooled.wrappedBuffer(bytes);
        var hits = new StatementScanner.Hits();
        long state = StatementScanner.scan(StatementScanner.START, text, 0, first, hits);
        state = StatementScanner.scan(state, text, first, second - first, hits);
        StatementScanner.scan(state, text, second, bytes.length - second, hits);
        return hits.traces();
    }

    private static String alternate(String text) {
        var mixed = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            mixed.append(i % 2 == 0 ? Character.toUpperCase(c) : c);
        }
        return mixed.toString();
    }
}
