package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Map;

class StartupParametersTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | empty key",
                "USER | 'USER' is reserved",
                "database | is reserved",
                "replication | is reserved",
                "options | is reserved",
                "Role | is reserved",
                "session_authorization | is reserved",
                "_PQ_.x | uses the reserved '_pq_.' prefix",
                "1a | is not a valid parameter name",
                "a-b | is not a valid parameter name",
                "'a b' | is not a valid parameter name"
            })
    void refusesNames(String name, String expected) {
        var text = Configs.withGeneral("startup_parameters = {\"%s\" = \"x\"}".formatted(name));

        assertThat(Configs.problems(text)).singleElement().asString().contains(expected);
    }

    @Test
    void refusesANullByteInAValue() {
        assertThat(Configs.problems(Configs.withGeneral("startup_parameters.a = \"x\\u0000\"")))
                .singleElement()
                .asString()
                .contains("contains a null byte");
    }

    @Test
    void aLayerMayTakeItsBudgetAndNotAByteMore() {
        // the name "a" and two ending bytes take three
        int most = StartupParameters.BUDGET_BYTES - 3;

        assertThat(Configs.problems(layer(most))).isEmpty();
        assertThat(Configs.problems(layer(most + 1)))
                .anySatisfy(
                        text ->
                                assertThat(text)
                                        .contains("size 9489 bytes exceeds the budget of 9488"));
    }

    @Test
    void theWholePacketHasALimitForEachUser() {
        int valueBytes = 9_400;
        Map<String, String> parameters =
                Map.of("a", "x".repeat(valueBytes), "application_name", "pg_doorman");
        int withoutUser = StartupParameters.packetSize("", "app", parameters);
        int most = StartupParameters.PACKET_BYTES - withoutUser;

        assertThat(Configs.problems(layer(valueBytes) + user(most))).isEmpty();
        assertThat(Configs.problems(layer(valueBytes) + user(most + 1)))
                .singleElement()
                .asString()
                .contains("is 10001 bytes, PostgreSQL takes at most 10000");
    }

    @Test
    void countsThePacketAsItIsSent() {
        // length, version, "user" "u", "database" "d", "a" "b", one ending byte
        assertThat(StartupParameters.packetSize("u", "d", Map.of("a", "b")))
                .isEqualTo(4 + 4 + 5 + 2 + 9 + 2 + 2 + 2 + 1);
    }

    @Test
    void namesReportedByPostgresKeepItsSpelling() {
        assertThat(
                        List.of("CLIENT_ENCODING", "datestyle", "timezone", "Work_Mem").stream()
                                .map(StartupParameters::canonical))
                .containsExactly("client_encoding", "DateStyle", "TimeZone", "work_mem");
    }

    private static String layer(int valueBytes) {
        return Configs.withGeneral(
                "startup_parameters.a = \"%s\"".formatted("x".repeat(valueBytes)));
    }

    private static String user(int nameBytes) {
        return "users = [{username = \"%s\", password = \"\"}]\n".formatted("u".repeat(nameBytes));
    }
}
