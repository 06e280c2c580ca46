package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Logins by libpq that show a certificate or bind to one, with PostgreSQL's own answer to the same
 * login by the same rules as the judge.
 */
class CertificateIT {
    private static final String RULES =
            """
            host all postgres,pooler_backend 127.0.0.1/32 trust
            hostssl all app,carol,ghost 127.0.0.1/32 cert
            hostssl all mapped,unmapped 127.0.0.1/32 cert map=tests
            hostssl all whole 127.0.0.1/32 cert clientname=DN map=names
            hostssl all ca 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
            hostssl all full 127.0.0.1/32 scram-sha-256 clientcert=verify-full
            hostssl all trusted 127.0.0.1/32 trust clientcert=verify-ca
            hostssl all trustedfull 127.0.0.1/32 trust clientcert=verify-full
            hostssl all bound 127.0.0.1/32 scram-sha-256
            """;
    private static final String MAPS =
            """
            tests app mapped
            names "CN=app,O=tests" whole
            """;
    private static final List<String> USERS =
            List.of(
                    "app",
                    "carol",
                    "mapped",
                    "unmapped",
                    "whole",
                    "ca",
                    "full",
                    "trusted",
                    "trustedfull",
                    "bound");

    @TempDir static Path home;

    private static PostgresServer server;
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() throws IOException {
        Requirement.packagedProgram();
        Requirement.program("psql");
        server = PostgresServer.builder().tls().hba(RULES).start();
        server.identMap(MAPS);
        server.execute("postgres", "CREATE DATABASE shop", "CREATE ROLE pooler_backend LOGIN");
        for (String user : USERS) {
            if (!user.equals(PostgresServer.APP)) {
                server.execute("postgres", "CREATE ROLE " + user + " LOGIN");
            }
            server.execute("postgres", "ALTER ROLE " + user + " PASSWORD 'sesame'");
        }
        Files.writeString(home.resolve("pg_hba.conf"), RULES);
        Files.writeString(home.resolve("pg_ident.conf"), MAPS);
        pooler =
                PoolerProcess.builder()
                        .general("pg_hba", "{path = \"" + home.resolve("pg_hba.conf") + "\"}")
                        .general("pg_ident", "{path = \"" + home.resolve("pg_ident.conf") + "\"}")
                        .general("tls_certificate", file("server.crt"))
                        .general("tls_private_key", file("server.key"))
                        .general("tls_ca_cert", file("ca.crt"))
                        .pool(
                                "shop",
                                PoolerProcess.Builder.serverSettings(server, "shop", "transaction"),
                                USERS.stream().map(CertificateIT::user).toArray(String[]::new))
                        .start();
    }

    private static String file(String name) {
        return "\"" + Certificates.copy(name, home) + "\"";
    }

    private static String user(String name) {
        return PoolerProcess.Builder.user(
                name,
                1,
                "password = \"sesame\"",
                "server_username = \"pooler_backend\"",
                "server_password = \"\"");
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
        if (server != null) {
            server.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "app certified",
                "app anonymous",
                "carol certified",
                "ghost certified",
                "mapped certified",
                "unmapped certified",
                "whole certified",
                "whole anonymous",
                "ca certified sesame",
                "ca certified wrong",
                "ca anonymous sesame",
                "full certified sesame",
                "full anonymous sesame",
                "trusted certified",
                "trusted anonymous",
                "trustedfull certified",
                "bound anonymous sesame channel_binding=require",
                "bound anonymous sesame channel_binding=disable",
                "bound anonymous wrong channel_binding=require",
                "bound certified sesame channel_binding=require",
                "app stranger"
            })
    void answersAsPostgreSql(String login) {
        assertThat(outcome(pooler.port(), login)).isEqualTo(outcome(server.port(), login));
    }

    /** So that the comparison does not compare failures of the test itself. */
    @Test
    void whoHasWhatTheRuleAsksForComesIn() {
        assertThat(outcome(pooler.port(), "app certified")).isEqualTo("in");
        assertThat(outcome(pooler.port(), "whole certified")).isEqualTo("in");
        assertThat(outcome(pooler.port(), "bound anonymous sesame channel_binding=require"))
                .isEqualTo("in");
        assertThat(outcome(pooler.port(), "carol certified"))
                .contains("certificate authentication failed for user \"carol\"");
    }

    private static String outcome(int port, String login) {
        String[] words = login.split(" ");
        String certificate =
                switch (words[1]) {
                    case "certified" -> "client";
                    case "stranger" -> "server-other";
                    default -> "none";
                };
        String shown =
                certificate.equals("none")
                        ? "sslcert=/none sslkey=/none"
                        : "sslcert=%s sslkey=%s"
                                .formatted(
                                        Certificates.copy(certificate + ".crt", home),
                                        Certificates.copy(certificate + ".key", home));
        String line =
                "host=127.0.0.1 port=%d dbname=shop user=%s sslmode=require %s password=%s %s"
                        .formatted(
                                port,
                                words[0],
                                shown,
                                words.length > 2 ? words[2] : "''",
                                words.length > 3 ? words[3] : "");
        Map<String, String> environment = new TreeMap<>(Map.of("LC_ALL", "C"));
        String answer =
                ChildProcess.run(
                        List.of(
                                "/bin/sh",
                                "-c",
                                "psql \"$1\" -AtXwc \"SELECT 'in'\" 2>&1; true",
                                "sh",
                                line),
                        environment);
        return answer.strip().replaceAll("port \\d+", "port").replaceAll("(?s)\n.*", "");
    }
}
