package io.pgdoorman.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;

import io.pgdoorman.testing.SyslogSocket;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.event.KeyValuePair;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;

class SyslogTest {
    private static final long PID = ProcessHandle.current().pid();

    @TempDir private Path directory;

    private Path place() {
        return directory.resolve("log");
    }

    private static LoggingEvent event(Level level, String message) {
        var event = new LoggingEvent();
        event.setLevel(level);
        event.setMessage(message);
        event.setInstant(
                LocalDateTime.of(2024, 1, 7, 9, 5, 3).atZone(ZoneId.systemDefault()).toInstant());
        return event;
    }

    @ParameterizedTest
    @CsvSource({"ERROR, 11", "WARN, 12", "INFO, 14", "DEBUG, 15", "TRACE, 15"})
    void aLineIsADatagramWithItsPriority(String level, int priority) throws IOException {
        try (var daemon = SyslogSocket.bind(place())) {
            Syslog syslog = Syslog.open("pg_doorman", List.of(place()));

            syslog.write(event(Level.valueOf(level), "pool is full\nat last"));

            assertThat(daemon.received())
                    .containsExactly(
                            "<%d>Jan  7 09:05:03 pg_doorman[%d]: pool is full\\nat last"
                                    .formatted(priority, PID));
        }
    }

    @Test
    void keysFollowTheMessageAndTheStackTraceFollowsTheLine() throws IOException {
        LoggingEvent event = event(Level.ERROR, "gone");
        event.setKeyValuePairs(List.of(new KeyValuePair("reason", "x")));
        var failure = new IllegalStateException("why");
        failure.setStackTrace(
                new StackTraceElement[] {new StackTraceElement("A", "b", "A.java", 7)});
        event.setThrowableProxy(new ThrowableProxy(failure));
        try (var daemon = SyslogSocket.bind(place())) {
            Syslog.open("p", List.of(place())).write(event);

            String head = "<11>Jan  7 09:05:03 p[" + PID + "]: ";
            assertThat(daemon.received())
                    .containsExactly(
                            head + "gone reason=x",
                            head + "java.lang.IllegalStateException: why",
                            head + "    at A.b(A.java:7)");
        }
    }

    @Test
    void aLongLineIsCut() throws IOException {
        try (var daemon = SyslogSocket.bind(place())) {
            Syslog.open("p", List.of(place())).write(event(Level.INFO, "é".repeat(20_000)));

            assertThat(daemon.received())
                    .singleElement()
                    .asString()
                    .endsWith("...")
                    .satisfies(
                            line ->
                                    assertThat(line.getBytes(StandardCharsets.UTF_8).length)
                                            .isBetween(Syslog.MAX_BYTES - 3, Syslog.MAX_BYTES + 3));
        }
    }

    @Test
    void aNameThatWouldEndItselfIsMadeOneWord() throws IOException {
        try (var daemon = SyslogSocket.bind(place())) {
            Syslog.open("my: pooler[1]", List.of(place())).write(event(Level.INFO, "x"));

            assertThat(daemon.received().getFirst()).contains(" my__pooler_1_[" + PID + "]: x");
        }
    }

    @Test
    void aDaemonThatDoesNotReadLosesLinesButStopsNobody() throws IOException {
        try (var daemon = SyslogSocket.bind(place())) {
            Syslog syslog = Syslog.open("p", List.of(place()));

            assertThatThrownBy(
                            () -> {
                                for (int i = 0; i < 100_000; i++) {
                                    syslog.write(event(Level.INFO, "x".repeat(1000)));
                                }
                            })
                    .isInstanceOf(IOException.class)
                    .hasMessage("does not read");

            assertThat(daemon.received()).isNotEmpty();
            syslog.write(event(Level.INFO, "it reads again"));
            assertThat(daemon.received().getLast()).endsWith("it reads again");
        }
    }

    @Test
    void aDaemonThatWasStartedAgainIsFoundAgain() throws IOException {
        Syslog syslog;
        try (var _ = SyslogSocket.bind(place())) {
            syslog = Syslog.open("p", List.of(place()));
        }
        assertThatThrownBy(() -> syslog.write(event(Level.INFO, "nobody")))
                .isInstanceOf(IOException.class);

        try (var daemon = SyslogSocket.bind(place())) {
            syslog.write(event(Level.INFO, "somebody"));

            assertThat(daemon.received()).singleElement().asString().endsWith(": somebody");
        }
    }

    @Test
    void theFirstPlaceWhereSomebodyListensIsTaken() throws IOException {
        Path other = Files.writeString(directory.resolve("no-socket"), "");
        try (var daemon = SyslogSocket.bind(place())) {
            Syslog syslog = Syslog.open("p", List.of(directory.resolve("missing"), other, place()));

            syslog.write(event(Level.INFO, "x"));

            assertThat(daemon.received()).hasSize(1);
        }
    }

    @Test
    void whereNobodyListensIsNamedWithTheReason() throws IOException {
        Path missing = directory.resolve("missing");
        Path other = Files.writeString(directory.resolve("no-socket"), "");

        assertThatThrownBy(() -> Syslog.open("p", List.of(missing, other)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no syslog at %s or %s: ".formatted(missing, other))
                .hasMessageContaining(missing + " does not exist")
                .hasMessageContaining("Connection refused");
    }
}
