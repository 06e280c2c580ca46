package io.pgdoorman.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

/** What clients say they take. */
class AcceptTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    gzip                    | 1
                    deflate, GZip ; q=0.5   | 0.5
                    gzip;q=0                | 0
                    gzip;q=0, *             | 0
                    *;q=0.3                 | 0.3
                    deflate                 | 0
                    gzipped                 | 0
                    gzip;q=much             | 0
                    gzip;q=7                | 1
                    ,;,                     | 0
                    """)
    void knowsHowGladlyGzipIsTaken(String header, double quality) {
        assertThat(new Accept(List.of(header)).quality("gzip", "*")).isEqualTo(quality);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    a/b                             | 1
                    a/b;version=1.0.0;q=0.5         | 0.5
                    a/b; version="1.0.0" ;q=0.5     | 0.5
                    a/b;version=2.0.0               | 0
                    a/b;version=2.0.0, a/b;q=0.1    | 0.1
                    */*                             | 0
                    """)
    void knowsVersionsOfTypes(String header, double quality) {
        assertThat(new Accept(List.of(header)).quality("a/b", List.of("1.0.0"))).isEqualTo(quality);
    }
}
