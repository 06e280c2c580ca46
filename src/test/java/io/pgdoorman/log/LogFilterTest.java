package io.pgdoorman.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.LoggerContext;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

class LogFilterTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    info | info
                    OFF | off
                    Warning | warn
                    ' debug ' | debug
                    trace, | trace
                    warn,io.pgdoorman.pool=debug | warn,io.pgdoorman.pool=debug
                    pg_doorman::pool=debug | info,pg_doorman::pool=debug
                    a=trace , error, b = OFF | error,a=trace,b=off
                    a=warn,b=info,a=debug | info,a=debug,b=info
                    io.pgdoorman.backend.ServerLogin=trace | info,io.pgdoorman.backend.ServerLogin=trace
                    """)
    void aFilterIsPrintedAsItWasMeant(String text, String printed) throws Exception {
        LogFilter filter = LogFilter.parse(text);

        assertThat(filter).hasToString(printed);
        assertThat(LogFilter.parse(filter.toString())).isEqualTo(filter);
    }

    @ParameterizedTest
    @CsvSource({
        "pg_doorman, io.pgdoorman",
        "pg_doorman::client, io.pgdoorman.session",
        "pg_doorman::client::protocol, io.pgdoorman.session",
        "pg_doorman::server, io.pgdoorman.backend",
        "pg_doorman::server::prepared_statement_cache, io.pgdoorman.statement",
        "pg_doorman::pool::pool_coordinator, io.pgdoorman.pool.Coordinator",
        "pg_doorman::auth, io.pgdoorman.auth",
        "pg_doorman::web::access, io.pgdoorman.web",
        "pg_doorman::no_such_module, io.pgdoorman",
        "io.netty, io.netty",
        "pg_doorman_x::pool, pg_doorman_x::pool"
    })
    void modulesOfPgDoormanStandForOurLoggers(String module, String logger) throws Exception {
        LogFilter filter = LogFilter.parse(module + "=trace");

        assertThat(filter.loggers()).isEqualTo(Map.of(logger, LogLevel.TRACE));
    }

    @Test
    void nettySaysLessAtDebugUnlessItIsAsked() throws Exception {
        assertThat(LogFilter.parse("debug").loggers()).isEqualTo(Map.of("io.netty", LogLevel.INFO));
        assertThat(LogFilter.parse("debug,io.netty=debug").loggers())
                .isEqualTo(Map.of("io.netty", LogLevel.DEBUG));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    loud | Invalid log level 'loud'. Valid: error, warn, info, debug, trace, off
                    '' | Invalid log level ''. Valid: error, warn, info, debug, trace, off
                    , | Invalid log level ','. Valid: error, warn, info, debug, trace, off
                    a=loud | Invalid log level 'loud'. Valid: error, warn, info, debug, trace, off
                    a= | Invalid log level ''. Valid: error, warn, info, debug, trace, off
                    a=b=info | Invalid log level 'b=info'. Valid: error, warn, info, debug, trace, off
                    info,warn | Multiple base levels specified
                    info,info | Multiple base levels specified
                    =info | Invalid module path ''
                    a..b=info | Invalid module path 'a..b'
                    .a=info | Invalid module path '.a'
                    a.=info | Invalid module path 'a.'
                    a:b=info | Invalid module path 'a:b'
                    pg_doorman::=info | Invalid module path 'pg_doorman::'
                    root=info | Invalid module path 'root'
                    a b=info | Invalid module path 'a b'
                    """)
    void whatIsNoFilterIsRefusedByName(String text, String message) {
        assertThatThrownBy(() -> LogFilter.parse(text))
                .isInstanceOf(LogFilterException.class)
                .hasMessage(message);
    }

    @Test
    void aNameHasAtMost256Characters() throws Exception {
        String longest = "a".repeat(256);

        assertThat(LogFilter.parse(longest + "=info").modules()).hasSize(1);
        assertThatThrownBy(() -> LogFilter.parse(longest + "b=info"))
                .hasMessage("Module path too long: " + "a".repeat(64));
    }

    @Test
    void aFilterHasAtMost64Modules() throws Exception {
        String most =
                IntStream.range(0, 64).mapToObj(i -> "m" + i + "=info").collect(joiningByComma());

        assertThat(LogFilter.parse(most).modules()).hasSize(64);
        assertThatThrownBy(() -> LogFilter.parse(most + ",one.more=info"))
                .hasMessage("More than 64 modules");
    }

    private static java.util.stream.Collector<CharSequence, ?, String> joiningByComma() {
        return Collectors.joining(",");
    }

    /** It goes to a log and to a console. */
    @ParameterizedTest
    @ValueSource(
            strings = {"a\nFATAL: forged", "a\u001b[31m", "x\u0000=info", "\ud800", "a\u2028b"})
    void anErrorIsOneLineOfPlainText(String text) {
        assertThatThrownBy(() -> LogFilter.parse(text))
                .isInstanceOf(LogFilterException.class)
                .message()
                .matches("[\\x20-\\x7e]+");
    }

    @Test
    void anErrorQuotesNoMoreThanTheBeginning() {
        assertThatThrownBy(() -> LogFilter.parse("x".repeat(1_000_000)))
                .hasMessageContaining("'" + "x".repeat(64) + "'");
    }

    /** Logback throws at some names: none of them gets there. */
    @Test
    void anyTextIsAFilterThatCanBePutIntoEffectOrIsRefused() {
        var random = new Random(1);
        String alphabet = "ab:._-$=,; \nofinfo";
        var levels = new LogLevels(new LoggerContext(), LogFilter.of(LogLevel.INFO));
        int taken = 0;
        for (int i = 0; i < 20_000; i++) {
            String text =
                    random.ints(random.nextInt(12), 0, alphabet.length())
                            .mapToObj(at -> alphabet.substring(at, at + 1))
                            .collect(Collectors.joining());
            try {
                levels.set(text + "=info");
                taken++;
            } catch (LogFilterException e) {
                assertThat(e).hasMessageNotContaining("\n");
            }
        }

        assertThat(taken).isPositive();
    }
}
