package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a statement may be in the log. */
class StatementShapeTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "SELECT 1 ~ SELECT ?",
                "select  a1,  b.c2   from t3 ~ select a1, b.c2 from t3",
                "SELECT 'secret' ~ SELECT ?",
                "SELECT 'it''s secret', 2 ~ SELECT ?, ?",
                "SELECT ''; SELECT 'secret' ~ SELECT ?; SELECT ?",
                "SELECT E'it\\'s secret', x ~ SELECT ?, x",
                "SELECT e'\\\\', x ~ SELECT ?, x",
                "SELECT B'0101', X'ff' ~ SELECT B?, X?",
                "SELECT U&'d\\0061' ~ SELECT ?",
                "SELECT n'secret' ~ SELECT n?",
                "SELECT $$secret$$, $1 ~ SELECT ?, $1",
                "SELECT $a$ $$secret$$ $a$ ~ SELECT ?",
                "SELECT $12::int ~ SELECT $12::int",
                "SELECT 1.5, .5, 1e10, 1.5e-3, 0xFF, 1_000, -7 ~ SELECT ?, ?, ?, ?-?, ?, ?, -?",
                "SELECT a$1 ~ SELECT a$1",
                "SELECT a[1:2], 1 ~ SELECT a[?:?], ?",
                "SELECT \"My 1 'name'\" ~ SELECT \"My 1 'name'\"",
                "SELECT 1 -- secret ~ SELECT ?",
                "SELECT /* secret /* nested */ secret */ 1 ~ SELECT ?",
                "/* secret ~ ``",
                "ALTER USER u PASSWORD 'secret' ~ ALTER USER u PASSWORD ?",
                "SELECT größe FROM übung ~ SELECT größe FROM übung",
                "`` ~ ``",
            })
    void hasNoLiteralsAndNoComments(String text, String shape) {
        assertThat(StatementShape.of(text, true)).isEqualTo(shape);
    }

    /** Whether the quote ends the string depends on a setting. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 'a\\' secret'",
                "SELECT 'a\\\\' , 'secret'",
                "SELECT 'a\\', 'secret'",
                "SELECT $tag secret"
            })
    void endsWhereItCouldBeReadInTwoWays(String text) {
        assertThat(StatementShape.of(text, true)).isEqualTo("SELECT ? ...");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "SELECT 'secr ~ SELECT ? ...",
                "SELECT $a$secr ~ SELECT ? ...",
                "SELECT 12 ~ SELECT ? ...",
                "SELECT a ~ SELECT a ..."
            })
    void saysThatItIsCut(String text, String shape) {
        assertThat(StatementShape.of(text, false)).isEqualTo(shape);
    }

    @Test
    void commentsEndWithTheirLine() {
        String shape = StatementShape.of("SELECT -- secret 'a\n\t1,\n2 -- secret", true);

        assertThat(shape).isEqualTo("SELECT ?, ?");
    }

    @Test
    void isBounded() {
        String shape = StatementShape.of("SELECT " + "a, ".repeat(10_000) + "b", true);

        assertThat(shape).hasSize(StatementShape.MAX_LENGTH + 4).endsWith(" ...");
    }

    @Test
    void isOneLine() {
        String shape = StatementShape.of("SELECT \"a\nb\"\r\n,\u0000 \u001b[1m c", true);

        assertThat(shape.chars()).noneMatch(Character::isISOControl);
    }
}
