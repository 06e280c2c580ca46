package io.pgdoorman.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

class LogLevelsTest {
    private final LoggerContext context = new LoggerContext();
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final LogLevels levels = new LogLevels(context, LogFilter.of(LogLevel.INFO));

    LogLevelsTest() {
        lines.start();
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(lines);
    }

    @Test
    void theFilterOfTheStartIsInEffect() {
        assertThat(levels.current()).isEqualTo("info");
        assertThat(levels.changed()).isEmpty();
        assertThat(level("io.pgdoorman.pool.Shard")).isEqualTo(Level.INFO);
        assertThat(lines.list).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'info,io.pgdoorman.pool=trace', TRACE, INFO",
        "'info,io.pgdoorman.pool=error', ERROR, INFO",
        "'error,pg_doorman::pool=debug', DEBUG, ERROR",
        "'info,io.pgdoorman=off,io.pgdoorman.pool=warn', WARN, OFF",
        "off, OFF, OFF"
    })
    void aModulePassesMoreOrLessThanTheBase(String filter, String pool, String session)
            throws Exception {
        levels.set(filter);

        assertThat(level("io.pgdoorman.pool.Shard")).hasToString(pool);
        assertThat(level("io.pgdoorman.session.Session")).hasToString(session);
    }

    @Test
    void anotherFilterReplacesAllOfTheOneBefore() throws Exception {
        levels.set("warn,io.pgdoorman.pool=debug,io.pgdoorman.session=off");

        levels.set("error,io.pgdoorman.session=trace");

        assertThat(level("io.pgdoorman.pool.Shard")).isEqualTo(Level.ERROR);
        assertThat(level("io.pgdoorman.session.Session")).isEqualTo(Level.TRACE);
        assertThat(levels.current()).isEqualTo("error,io.pgdoorman.session=trace");
        assertThat(levels.changed()).contains("error,io.pgdoorman.session=trace");
    }

    @ParameterizedTest
    @CsvSource({"default", "' DEFAULT '"})
    void defaultIsTheFilterOfTheStart(String text) throws Exception {
        levels.set("debug,io.pgdoorman.pool=off");

        levels.set(text);

        assertThat(levels.current()).isEqualTo("info");
        assertThat(levels.changed()).isEmpty();
        assertThat(level("io.pgdoorman.pool.Shard")).isEqualTo(Level.INFO);
        assertThat(level("io.netty.Anything")).isEqualTo(Level.INFO);
    }

    @Test
    void aTextThatIsNoFilterChangesNothing() throws Exception {
        levels.set("warn,io.pgdoorman.pool=debug");

        assertThatThrownBy(() -> levels.set("debug,io.pgdoorman.pool=loud"))
                .isInstanceOf(LogFilterException.class);

        assertThat(levels.current()).isEqualTo("warn,io.pgdoorman.pool=debug");
        assertThat(level("io.pgdoorman.pool.Shard")).isEqualTo(Level.DEBUG);
        assertThat(level("io.pgdoorman.session.Session")).isEqualTo(Level.WARN);
    }

    @Test
    void eachChangeIsLoggedOnceIfOneOfTheFiltersLetsItPass() throws Exception {
        levels.set("warn");
        levels.set("error");
        levels.set("debug");

        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .isEqualTo(List.of("SET log_level = 'warn'", "SET log_level = 'debug'"));
    }

    private Level level(String name) {
        Logger logger = context.getLogger(name);
        return logger.getEffectiveLevel();
    }
}
