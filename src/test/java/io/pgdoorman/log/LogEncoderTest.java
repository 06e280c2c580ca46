package io.pgdoorman.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;

import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

class LogEncoderTest {
    private final Logger logger = new LoggerContext().getLogger("io.pgdoorman.pool.ServerPool");

    @Test
    void textHasTimeLevelPlaceAndMessage() {
        String line = text(new TextLogEncoder(false).encode(event(Level.INFO, "pool is full")));

        assertThat(line)
                .isEqualTo("2024-01-07T19:19:38.080Z  INFO ServerPool.java:42: pool is full\n");
    }

    @Test
    void textEndsWithTheKeysOfTheEvent() {
        LoggingEvent event = event(Level.ERROR, "gone");
        event.setKeyValuePairs(
                List.of(new KeyValuePair("client", 7), new KeyValuePair("pool", "app")));

        String line = text(new TextLogEncoder(false).encode(event));

        assertThat(line).endsWith("ERROR ServerPool.java:42: gone client=7 pool=app\n");
    }

    @Test
    void colourIsOnTheLevelOnly() {
        String line = text(new TextLogEncoder(true).encode(event(Level.WARN, "slow")));

        assertThat(line).contains("Z  \u001b[33mWARN\u001b[0m ServerPool.java:42: slow\n");
    }

    @Test
    void jsonHasTheFiveKeysFirstAndEscapesText() {
        String line = text(new JsonLogEncoder().encode(event(Level.INFO, "say \"hi\"\n\\ \u0001")));

        assertThat(line)
                .startsWith(
                        "{\"timestamp\":\"2024-01-07T19:19:38.080Z\",\"level\":\"INFO\","
                                + "\"file\":\"ServerPool.java\",\"line\":42,"
                                + "\"message\":\"say \\\"hi\\\"\\n\\\\ \\u0001\",")
                .endsWith("}\n")
                .containsOnlyOnce("\n");
    }

    @Test
    void jsonKeepsNumbersOfTheEventAsNumbers() {
        LoggingEvent event = event(Level.INFO, "x");
        event.setKeyValuePairs(
                List.of(new KeyValuePair("client", 7), new KeyValuePair("pool", "a")));

        String line = text(new JsonLogEncoder().encode(event));

        assertThat(line).contains(",\"client\":7,\"pool\":\"a\"}");
    }

    /** A user name with a line break must not look like a line of its own. */
    @Test
    void aTextNobodyTrustsStaysOnItsLine() {
        LoggingEvent event = event(Level.WARN, "[a\nb@\u001b[31m #c1] \t\u0085\u2028é");
        event.setKeyValuePairs(List.of(new KeyValuePair("reason", "x\ny")));

        String line = text(new TextLogEncoder(false).encode(event));

        assertThat(line).endsWith(": [a\\nb@\\u001b[31m #c1] \\t\\u0085\\u2028é reason=x\\ny\n");
    }

    @Test
    void aLongMessageIsCut() {
        LoggingEvent event = event(Level.WARN, "x".repeat(20_000));

        assertThat(text(new TextLogEncoder(false).encode(event)))
                .endsWith(": " + "x".repeat(16 * 1024) + "...\n");
        assertThat(text(new JsonLogEncoder().encode(event)))
                .contains(":\"" + "x".repeat(16 * 1024) + "...\"");
    }

    @Test
    void jsonEndsWithLoggerThreadKeysAndTheException() {
        LoggingEvent event = event(Level.ERROR, "gone");
        event.setThreadName("pooler-loop-1");
        event.setKeyValuePairs(List.of(new KeyValuePair("reason", "a \"b\"")));
        var failure = new IllegalStateException("why");
        failure.setStackTrace(new StackTraceElement[0]);
        event.setThrowableProxy(new ThrowableProxy(failure));

        String line = text(new JsonLogEncoder().encode(event));

        assertThat(line)
                .isEqualTo(
                        "{\"timestamp\":\"2024-01-07T19:19:38.080Z\",\"level\":\"ERROR\","
                                + "\"file\":\"ServerPool.java\",\"line\":42,"
                                + "\"message\":\"gone\","
                                + "\"logger\":\"io.pgdoorman.pool.ServerPool\","
                                + "\"thread\":\"pooler-loop-1\",\"reason\":\"a \\\"b\\\"\","
                                + "\"exception\":\"java.lang.IllegalStateException: why\\n\"}\n");
    }

    @Test
    void textPutsAStackTraceOnLinesOfItsOwn() {
        LoggingEvent event = event(Level.ERROR, "gone");
        var failure = new IllegalStateException("why");
        failure.setStackTrace(
                new StackTraceElement[] {new StackTraceElement("A", "b", "A.java", 7)});
        event.setThrowableProxy(new ThrowableProxy(failure));

        String line = text(new TextLogEncoder(false).encode(event));

        assertThat(line)
                .isEqualTo(
                        """
                        2024-01-07T19:19:38.080Z ERROR ServerPool.java:42: gone
                        java.lang.IllegalStateException: why
                        \tat A.b(A.java:7)
                        """);
    }

    private LoggingEvent event(Level level, String message) {
        var event = new LoggingEvent(Logger.class.getName(), logger, level, message, null, null);
        event.setInstant(Instant.parse("2024-01-07T19:19:38.080Z"));
        event.setCallerData(
                new StackTraceElement[] {
                    new StackTraceElement("ServerPool", "acquire", "ServerPool.java", 42)
                });
        return event;
    }

    private static String text(byte[] line) {
        return new String(line, StandardCharsets.UTF_8);
    }
}
