package io.pgdoorman.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;

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
