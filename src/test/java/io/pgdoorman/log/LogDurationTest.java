package io.pgdoorman.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;

class LogDurationTest {
    @ParameterizedTest
    @CsvSource({
        "PT-1S, 0ms",
        "PT0S, 0ms",
        "PT0.123999S, 123ms",
        "PT5.123S, 5.123s",
        "PT59.007S, 59.007s",
        "PT4M30.9S, 4m30s",
        "PT1H30M, 1h30m",
        "PT52H30M, 2d 4h30m"
    })
    void aDurationIsShort(Duration duration, String text) {
        assertThat(LogDuration.text(duration.toNanos())).isEqualTo(text);
    }
}
