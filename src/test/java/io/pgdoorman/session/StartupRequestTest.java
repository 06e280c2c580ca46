package io.pgdoorman.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.wire.ProtocolVersion;
import io.pgdoorman.wire.backend.NegotiateProtocolVersion;
import io.pgdoorman.wire.frontend.StartupMessage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Map;

class StartupRequestTest {
    private static StartupRequest of(ProtocolVersion version, Map<String, String> parameters) {
        return StartupRequest.of(new StartupMessage(version, parameters));
    }

    private static StartupRequest of(Map<String, String> parameters) {
        return of(ProtocolVersion.V3_0, parameters);
    }

    @Test
    void takesApartWhatTheClientNamed() {
        StartupRequest request =
                of(
                        Map.of(
                                "user", "alice",
                                "database", "shop",
                                "application_name", "app",
                                "TimeZone", "CET",
                                "options", "-c a=b"));

        assertThat(request.user()).isEqualTo("alice");
        assertThat(request.database()).isEqualTo("shop");
        assertThat(request.applicationName()).isEqualTo("app");
        assertThat(request.replication()).isFalse();
        assertThat(request.parameters().toMap())
                .containsOnly(Map.entry("TimeZone", "CET"), Map.entry("options", "-c a=b"));
        assertThat(request.negotiation()).isEmpty();
    }

    @Test
    void namesTheDatabaseLikeTheUserIfThereIsNoOther() {
        assertThat(of(Map.of("user", "alice")).database()).isEqualTo("alice");
        assertThat(of(Map.of("user", "alice", "database", "")).database()).isEqualTo("alice");
    }

    @Test
    void hasNoUserIfTheClientNamedNone() {
        assertThat(of(Map.of("database", "shop")).user()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "false, false",
        "off, false",
        "no, false",
        "0, false",
        "FALSE, false",
        "true, true",
        "on, true",
        "1, true",
        "database, true",
        "yes, true"
    })
    void readsReplicationAsPostgresDoes(String value, boolean replication) {
        assertThat(of(Map.of("user", "a", "replication", value)).replication())
                .isEqualTo(replication);
    }

    @ParameterizedTest
    @CsvSource({"0, 0, false", "1, 1, false", "2, 2, false", "3, 2, true", "9999, 2, true"})
    void speaksTheNewestVersionBothKnow(int asked, int used, boolean negotiated) {
        StartupRequest request = of(new ProtocolVersion(3, asked), Map.of("user", "a"));

        assertThat(request.version()).isEqualTo(new ProtocolVersion(3, used));
        assertThat(request.negotiation().isPresent()).isEqualTo(negotiated);
    }

    @Test
    void namesTheProtocolOptionsItDoesNotKnow() {
        StartupRequest request =
                of(ProtocolVersion.V3_0, Map.of("user", "a", "_pq_.x", "1", "other", "2"));

        assertThat(request.negotiation())
                .contains(new NegotiateProtocolVersion(ProtocolVersion.V3_0, List.of("_pq_.x")));
        assertThat(request.parameters().toMap()).containsOnlyKeys("other");
    }
}
