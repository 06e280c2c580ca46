package io.pgdoorman.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Map;

class ParameterSyncTest {
    private static String statements(Map<String, String> have, Map<String, String> want) {
        return ParameterSync.statements(ParameterSet.of(have), ParameterSet.of(want));
    }

    @Test
    void setsOnlyWhatDiffers() {
        assertThat(
                        statements(
                                Map.of("TimeZone", "UTC", "DateStyle", "ISO"),
                                Map.of("TimeZone", "CET", "DateStyle", "ISO")))
                .isEqualTo("SET TimeZone TO 'CET'");
    }

    @Test
    void doesNothingIfNothingDiffers() {
        assertThat(statements(Map.of("timezone", "UTC"), Map.of("TimeZone", "UTC"))).isEmpty();
        assertThat(statements(Map.of("TimeZone", "UTC"), Map.of())).isEmpty();
    }

    @Test
    void setsSeveralInOneQuery() {
        assertThat(statements(Map.of(), Map.of("a", "1", "b", "2")))
                .isEqualTo("SET a TO '1';SET b TO '2'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "O'Reilly | SET a TO 'O''Reilly'",
                "'; DROP TABLE t; -- | SET a TO '''; DROP TABLE t; --'",
                "c:\\dir | SET a TO E'c:\\\\dir'",
                "\\' | SET a TO E'\\\\'''",
                "\"x\" | SET a TO '\"x\"'",
                "~~ | SET a TO ''",
                "é\t | SET a TO 'é'"
            })
    void quotesValues(String value, String sql) {
        assertThat(statements(Map.of(), Map.of("a", value == null ? "" : value))).isEqualTo(sql);
    }

    @Test
    void givesTheSearchPathBackAsTheListItIs() {
        assertThat(statements(Map.of(), Map.of("search_path", "\"$user\", public, \"o'x\"")))
                .isEqualTo(
                        "SELECT pg_catalog.set_config('search_path','\"$user\", public, \"o''x\"',false)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "in_hot_standby",
                "integer_datetimes",
                "is_superuser",
                "server_encoding",
                "server_version",
                "session_authorization",
                "Server_Version"
            })
    void leavesAloneWhatNoSessionCanSet(String name) {
        assertThat(Server.isSettable(name)).isFalse();
        assertThat(statements(Map.of(name, "a"), Map.of(name, "b"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application_name",
                "client_encoding",
                "DateStyle",
                "default_transaction_read_only",
                "IntervalStyle",
                "search_path",
                "standard_conforming_strings",
                "TimeZone"
            })
    void setsTheOthersThatAreReported(String name) {
        assertThat(Server.isSettable(name)).isTrue();
        assertThat(statements(Map.of(name, "a"), Map.of(name, "b"))).isNotEmpty();
    }
}
