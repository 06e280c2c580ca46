package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.Optional;

class QuantitiesTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "15, 15",
        "15ms, 15",
        "15MS, 15",
        "2s, 2000",
        "5M, 300000",
        "1h, 3600000",
        "1d, 86400000",
        "+7s, 7000",
        "' 7 s ', 7000",
        "007, 7"
    })
    void readsDurations(String text, long millis) {
        assertThat(Quantities.parseMillis(text, 1)).hasValue(millis);
    }

    @Test
    void aBareNumberHasTheUnitOfItsKey() {
        assertThat(Quantities.parseMillis("5", 1000)).hasValue(5000L);
        assertThat(Quantities.parseMillis("5ms", 1000)).hasValue(5L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "s",
                "-1",
                "-1s",
                "1.5s",
                "1h30m",
                "1us",
                "1 w",
                "s1",
                "1s1",
                "++1",
                "9223372036854775808",
                "9223372036854775807s"
            })
    void refusesWhatIsNoDuration(String text) {
        assertThat(Quantities.parseMillis(text, 1)).isEqualTo(Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "10, 10",
        "10B, 10",
        "1k, 1024",
        "1KB, 1024",
        "2m, 2097152",
        "2MB, 2097152",
        "1g, 1073741824",
        "1 GB, 1073741824"
    })
    void readsByteSizes(String text, long bytes) {
        assertThat(Quantities.parseBytes(text)).hasValue(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1T", "1KiB", "1.5MB", "-1", "9223372036854775807KB", "b"})
    void refusesWhatIsNoByteSize(String text) {
        assertThat(Quantities.parseBytes(text)).isEqualTo(Optional.empty());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0s",
        "1, 1ms",
        "1500, 1500ms",
        "2000, 2s",
        "90000, 90s",
        "60000, 1m",
        "7200000, 2h",
        "172800000, 2d"
    })
    void writesDurationsInTheLargestUnitThatFits(long millis, String text) {
        assertThat(Quantities.format(Duration.ofMillis(millis))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1B", "1024, 1KB", "1536, 1536B", "1048576, 1MB", "1073741824, 1GB"})
    void writesByteSizesInTheLargestUnitThatFits(long bytes, String text) {
        assertThat(Quantities.formatBytes(bytes)).isEqualTo(text);
    }
}
