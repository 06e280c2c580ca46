package io.pgdoorman.statement;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.pgdoorman.statement.Command.Kind;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.Random;

class CommandTest {
    private static Command of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Reads it from the middle of a buffer that ends with it. */
    private static Command of(byte[] text) {
        var in = Unpooled.buffer(text.length + 1).writeByte('s').writeBytes(text);
        return Command.of(in, 1, text.length);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DEALLOCATE s",
                "deallocate S",
                "DeAlLoCaTe\tpRePaRe\n\"s\" ; ;",
                "DEALLOCATE\"s\"",
                ";; DEALLOCATE s",
                "--\n/*/**/*/DEALLOCATE--\r/***/s--",
                "DEALLOCATE PREPARE/**/s/*;*/;",
                "\u000bDEALLOCATE\fs",
            })
    void findsTheNameOfADeallocate(String text) {
        assertThat(of(text)).isEqualTo(new Command(Kind.DEALLOCATE, "s"));
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\'',
            value = {
                "'DEALLOCATE prepare', prepare",
                "'DEALLOCATE prepare prepare', prepare",
                "'DEALLOCATE PREPARE;', prepare",
                "'DEALLOCATE \"ALL\"', ALL",
                "'DEALLOCATE \"a\"\"b\"', 'a\"b'",
                "'DEALLOCATE \" ; \"', ' ; '",
                "'DEALLOCATE _a$1', _a$1",
                "'DEALLOCATE alle', alle",
                "'DEALLOCATE a/*b*/', a",
            })
    void readsTheNameAsPostgresDoes(String text, String name) {
        assertThat(of(text)).isEqualTo(new Command(Kind.DEALLOCATE, name));
    }

    @Test
    void cutsANameTo63Bytes() {
        assertThat(of("DEALLOCATE " + "N".repeat(100)).name()).isEqualTo("n".repeat(63));
        assertThat(of("DEALLOCATE \"" + "N".repeat(100) + "\"").name()).isEqualTo("N".repeat(63));
    }

    @ParameterizedTest
    @CsvSource({
        "DEALLOCATE ALL, DEALLOCATE_ALL",
        "deallocate prepare all ;, DEALLOCATE_ALL",
        "DISCARD ALL, DISCARD_ALL",
        "/**/discard/*\\*/all;;, DISCARD_ALL",
        "COMMIT, TRANSACTION_END",
        "end work, TRANSACTION_END",
        "rollback to p, TRANSACTION_END",
        "ABORT;, TRANSACTION_END",
        "PREPARE TRANSACTION x, TRANSACTION_END",
    })
    void knowsTheOthers(String text, Kind kind) {
        assertThat(of(text)).isEqualTo(new Command(kind, ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";",
                " ",
                "-",
                "--",
                "/",
                "/*",
                "/* /* */ DEALLOCATE s",
                "D",
                "DEALLOCATE",
                "DEALLOCATE ",
                "DEALLOCATE;",
                "DEALLOCATE PREPARE \"",
                "DEALLOCATE s t",
                "DEALLOCATE s; SELECT 1",
                "DEALLOCATE ALL ALL",
                "DEALLOCATE 1",
                "DEALLOCATE 's'",
                "DEALLOCATE \"\"",
                "DEALLOCATE \"s",
                "DEALLOCATE U&\"s\"",
                "DEALLOCATE s.t",
                "DEALLOCATES s",
                "DEALLOCATE$ s",
                "DISCARD",
                "DISCARD PLANS",
                "DISCARD ALLE",
                "DISCARD \"all\"",
                "SELECT 'DEALLOCATE s'",
                "PREPARE s AS SELECT 1",
                "COMMITTED",
                "ENDE",
            })
    void takesEverythingElseForAnother(String text) {
        assertThat(of(text)).isSameAs(Command.OTHER);
    }

    @Test
    void readsAnyBytesAndNothingBehindThem() {
        var random = new Random(1);
        String[] words = {
            "DEALLOCATE",
            "prepare",
            "ALL",
            "discard",
            "\"",
            "\"\"",
            "--",
            "\n",
            "/*",
            "*/",
            ";",
            " ",
            "s",
            "\0",
            "\u00ff",
            "$",
            "U&",
            "commit"
        };
        for (int i = 0; i < 200_000; i++) {
            var text = new StringBuilder();
            for (int n = random.nextInt(8); n > 0; n--) {
                text.append(words[random.nextInt(words.length)]);
            }
            byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);

            Command command = of(bytes);

            boolean named = command.kind() == Kind.DEALLOCATE;
            assertThat(command.name().isEmpty()).as(text::toString).isNotEqualTo(named);
            if (command.kind() != Kind.OTHER && command.kind() != Kind.TRANSACTION_END) {
                assertThat(Command.mayBeAboutStatements(bytes[0])).as(text::toString).isTrue();
            }
        }
    }
}
