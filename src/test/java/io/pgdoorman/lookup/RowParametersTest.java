package io.pgdoorman.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Map;

class RowParametersTest {
    @Test
    void takesStringsUnderCanonicalNames() throws Exception {
        assertThat(
                        RowParameters.parse(
                                """
                                {"Work_Mem": "64MB", "timezone": "CET", "app.tenant": "a\\"b"}
                                """))
                .isEqualTo(Map.of("work_mem", "64MB", "TimeZone", "CET", "app.tenant", "a\"b"));
        assertThat(RowParameters.parse("{}")).isEmpty();
        assertThat(RowParameters.parse(" ")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                             | is not a JSON object",
                "hunter2                        | is not a JSON object",
                "{'work_mem': 64}               | the value of 'work_mem' is not a string",
                "{'work_mem': {'a': 'hunter2'}} | the value of 'work_mem' is not a string",
                "{'work_mem': null}             | the value of 'work_mem' is not a string",
                "{'role': 'hunter2'}            | 'role' is reserved",
                "{'_pq_.x': 'hunter2'}          | reserved '_pq_.' prefix",
                "{'a': 'hunter2', 'A': 'x'}     | are the same parameter",
                "{'work_mem': 'a\\u0000hunter2'} | contains a null byte"
            })
    void refusesWhatPostgresCannotBeGiven(String json, String reason) {
        assertThatThrownBy(() -> RowParameters.parse(json.replace('\'', '"')))
                .isInstanceOf(LookupException.class)
                .hasMessageStartingWith("startup_parameters")
                .hasMessageContaining(reason)
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void refusesMoreThanThereIsRoomFor() {
        assertThatThrownBy(
                        () -> RowParameters.parse("{\"a\": \"%s\"}".formatted("x".repeat(9_500))))
                .hasMessageContaining("exceeds the budget of 9488");
    }
}
