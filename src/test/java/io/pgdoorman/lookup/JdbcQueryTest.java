package io.pgdoorman.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JdbcQueryTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    SELECT f($1)                       | SELECT f(?)                        | 1
                    SELECT a WHERE b = $1 OR c = $1    | SELECT a WHERE b = ? OR c = ?      | 2
                    SELECT '$1?', "$1", $1             | SELECT '$1?', "$1", ?              | 1
                    SELECT 'it''s $1', $1              | SELECT 'it''s $1', ?               | 1
                    SELECT a ? 'b', $10                | SELECT a ?? 'b', $10               | 0
                    """)
    void parametersBecomeThoseOfJdbc(String query, String text, int parameters) {
        assertThat(JdbcQuery.convert(query)).isEqualTo(new JdbcQuery.Converted(text, parameters));
    }
}
