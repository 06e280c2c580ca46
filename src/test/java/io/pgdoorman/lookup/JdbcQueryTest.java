package io.pgdoorman.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.core.NativeQuery;
import org.postgresql.core.Parser;

import java.sql.SQLException;
import java.util.List;

class JdbcQueryTest {
    /** A bar ends a line of the queries. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            textBlock =
                    """
                    SELECT f($1)                       ; SELECT f(?)                        ; 1
                    SELECT a WHERE b = $1 OR c = $1    ; SELECT a WHERE b = ? OR c = ?      ; 2
                    SELECT '$1?', "$1", $1             ; SELECT '$1?', "$1", ?              ; 1
                    SELECT 'it''s $1', $1              ; SELECT 'it''s $1', ?               ; 1
                    SELECT "a""$1", $1                 ; SELECT "a""$1", ?                  ; 1
                    SELECT 'a\\', $1                   ; SELECT 'a\\', ?                    ; 1
                    SELECT E'a\\'$1', $1               ; SELECT E'a\\'$1', ?                ; 1
                    SELECT e'a\\\\', $1                ; SELECT e'a\\\\', ?                 ; 1
                    SELECT E'it''s $1', $1             ; SELECT E'it''s $1', ?              ; 1
                    SELECT date'a\\', $1               ; SELECT date'a\\', ?                ; 1
                    SELECT a ? 'b', $10, $1            ; SELECT a ?? 'b', $10, ?            ; 1
                    SELECT a ?| b, c ?& $1             ; SELECT a ??| b, c ??& ?            ; 1
                    -- it's $1?|SELECT $1              ; -- it's $1?|SELECT ?               ; 1
                    SELECT $1 -- it's                  ; SELECT ? -- it's                   ; 1
                    /* it's $1? */ SELECT $1           ; /* it's $1? */ SELECT ?            ; 1
                    /* /* ' */ $1 */ SELECT $1         ; /* /* ' */ $1 */ SELECT ?          ; 1
                    SELECT a - b / c * $1              ; SELECT a - b / c * ?               ; 1
                    SELECT $$it's $1?$$, $1            ; SELECT $$it's $1?$$, ?             ; 1
                    SELECT $q$ $$ $1 $q$, $1           ; SELECT $q$ $$ $1 $q$, ?            ; 1
                    SELECT a$1, b$$1, ä$1, $1          ; SELECT a$1, b$$1, ä$1, ?           ; 1
                    SELECT U&'\\0041', $1              ; SELECT U&'\\0041', ?               ; 1
                    SELECT '--', $1, '/*', $1          ; SELECT '--', ?, '/*', ?            ; 2
                    SELECT $1::name                    ; SELECT ?::name                     ; 1
                    SELECT 1                           ; SELECT 1                           ; 0
                    """)
    void parametersBecomeThoseOfJdbc(String query, String text, int parameters)
            throws SQLException {
        JdbcQuery.Converted converted = JdbcQuery.convert(query.replace('|', '\n'));

        assertThat(converted)
                .isEqualTo(new JdbcQuery.Converted(text.replace('|', '\n'), parameters));
        assertThat(parametersSeenByTheDriver(converted)).isEqualTo(parameters);
    }

    /** PostgreSQL refuses them, with what is wrong. */
    @ParameterizedTest
    @ValueSource(
            strings = {"SELECT '$1", "SELECT \"$1", "/* $1", "/* /* */ $1 *", "$$ $1", "E'\\", "$"})
    void whatHasNoEndIsLeftAsItIs(String query) {
        assertThat(JdbcQuery.convert(query)).isEqualTo(new JdbcQuery.Converted(query, 0));
    }

    private static int parametersSeenByTheDriver(JdbcQuery.Converted converted)
            throws SQLException {
        List<NativeQuery> parsed =
                Parser.parseJdbcSql(converted.text(), true, true, true, false, false);
        return parsed.stream().mapToInt(query -> query.bindPositions.length).sum();
    }
}
