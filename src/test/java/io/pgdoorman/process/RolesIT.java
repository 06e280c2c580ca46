package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Rules about members of roles, with PostgreSQL's own answer as the judge. */
class RolesIT {
    private static final String RULES =
            """
            host all postgres 127.0.0.1/32 trust
            host pgdoorman all 127.0.0.1/32 trust
            host all locked,+banned 127.0.0.1/32 reject
            host samerole all 127.0.0.1/32 trust
            host shop +staff 127.0.0.1/32 trust
            """;
    private static final List<String> DATABASES = List.of("shop", "staff", "team");
    private static final List<String> USERS =
            List.of("alice", "bob", "carol", "mallory", "staff", "boss", "ghost");

    @TempDir static Path directory;

    private static PostgresServer server;
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() throws IOException {
        Requirement.packagedProgram();
        server = PostgresServer.builder().hba(RULES).start();
        server.execute(
                "postgres",
                "CREATE DATABASE shop",
                "CREATE DATABASE staff",
                "CREATE DATABASE team",
                "CREATE ROLE banned",
                "CREATE ROLE staff LOGIN PASSWORD 'x'",
                "CREATE ROLE team IN ROLE staff",
                "CREATE ROLE alice LOGIN PASSWORD 'x' IN ROLE staff",
                "CREATE ROLE bob LOGIN PASSWORD 'x' IN ROLE team",
                "CREATE ROLE carol LOGIN PASSWORD 'x'",
                "CREATE ROLE mallory LOGIN PASSWORD 'x' IN ROLE staff, banned",
                "CREATE ROLE boss LOGIN SUPERUSER PASSWORD 'x'");
        Files.writeString(directory.resolve("pg_hba.conf"), RULES);
        var builder =
                PoolerProcess.builder()
                        .general("pg_hba", "{path = \"" + directory.resolve("pg_hba.conf") + "\"}");
        for (String database : DATABASES) {
            builder.pool(
                    database,
                    PoolerProcess.Builder.serverSettings(server, database, "transaction")
                            + """
                            [pools.%s.auth_query]
                            query = "SELECT passwd FROM pg_shadow WHERE usename = $1"
                            user = "postgres"
                            password = ""
                            database = "postgres"
                            server_user = "postgres"
                            server_password = "x"
                            """
                                    .formatted(database));
        }
        pooler = builder.start();
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
    @ValueSource(strings = {"shop", "staff", "team"})
    void answersAsPostgreSql(String database) {
        for (String user : USERS) {
            assertThat(outcome(pooler.address(), user, database))
                    .as("%s to %s", user, database)
                    .isEqualTo(outcome(server.address(), user, database));
        }
    }

    /** So that the comparison does not compare failures of the test itself. */
    @Test
    void membersComeIn() {
        assertThat(outcome(pooler.address(), "bob", "shop")).isEqualTo("accepted");
        assertThat(outcome(pooler.address(), "bob", "team")).isEqualTo("accepted");
        assertThat(outcome(pooler.address(), "carol", "shop")).isEqualTo("28000");
        assertThat(outcome(pooler.address(), "mallory", "shop")).isEqualTo("28000");
        assertThat(outcome(pooler.address(), "boss", "shop")).isEqualTo("28000");
    }

    private static String outcome(InetSocketAddress address, String user, String database) {
        try (WireClient client = WireClient.connect(address)) {
            Message last = client.tryLogin(user, "x", database).getLast();
            return last.type() == 'Z' ? "accepted" : last.sqlState();
        }
    }
}
