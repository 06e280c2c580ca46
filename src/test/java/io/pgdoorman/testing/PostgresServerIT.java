package io.pgdoorman.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PostgresServerIT {
    @Test
    void answersQueriesOfTheSuperuser() {
        var server = PostgresServer.shared();

        String version = server.queryValue("postgres", "SHOW server_version");

        assertThat(version).startsWith("18.");
    }

    @Test
    void startsAgainAfterItWasKilled() {
        try (var server = PostgresServer.builder().start()) {
            String before = server.queryValue("postgres", "SELECT pg_postmaster_start_time()");
            server.kill();

            server.start();

            assertThat(server.queryValue("postgres", "SELECT pg_postmaster_start_time()"))
                    .isNotEqualTo(before);
        }
    }
}
