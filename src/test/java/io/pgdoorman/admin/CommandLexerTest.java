package io.pgdoorman.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.stream.Collectors;

class CommandLexerTest {
    /** Words in brackets if they were quoted; commands divided by a bar. */
    private static String read(String text) throws ConsoleException {
        return CommandLexer.commands(text).stream()
                .map(
                        words ->
                                words.stream()
                                        .map(
                                                word ->
                                                        word.quoted()
                                                                ? "[" + word.text() + "]"
                                                                : word.text())
                                        .collect(Collectors.joining(" ")))
                .collect(Collectors.joining("|"));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "SHOW POOLS;                      , SHOW POOLS",
                "  show\tpools  ;;  ;             , show pools",
                "SHOW STATE; SHOW MEM             , SHOW STATE|SHOW MEM",
                "SHOW/* a /* nested */ b */MEM    , SHOW MEM",
                "SHOW -- MEM                      , SHOW",
                "PAUSE \"My;Db\"                  , PAUSE [My;Db]",
                "PAUSE \"a\"\"b\"                 , PAUSE [a\"b]",
                "SET log_level='warn'             , SET log_level = [warn]",
                "SET log_level = 'it''s'          , SET log_level = [it's]",
                "SET x TO a::b=debug              , SET x TO a::b = debug",
            })
    void readsWords(String text, String words) throws Exception {
        assertThat(read(text)).isEqualTo(words);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ";", "  ", " ; ;", "-- nothing", "/* nothing */"})
    void findsNothing(String text) throws Exception {
        assertThat(CommandLexer.commands(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PAUSE \"db", "SET a = 'b", "SHOW /* x", "/*", "'", "\"\"\""})
    void saysWhatDoesNotEnd(String text) {
        assertThatThrownBy(() -> CommandLexer.commands(text))
                .isInstanceOf(ConsoleException.class)
                .hasMessageContaining("unterminated");
    }

    @Test
    void aQuotedWordIsNoKeyword() throws Exception {
        assertThat(CommandLexer.commands("\"SHOW\"").getFirst().getFirst().is("SHOW")).isFalse();
    }
}
