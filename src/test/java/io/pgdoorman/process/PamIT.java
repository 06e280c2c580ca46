package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Clients whose passwords PAM checks. */
class PamIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final Path SERVICES = Path.of("/etc/pam.d");

    @TempDir static Path directory;

    @BeforeAll
    static void require() {
        Requirement.packagedProgram();
    }

    @Test
    void aServiceChecksThePasswordsOfALineAndOfAUser() throws IOException {
        assumeTrue(Files.isWritable(SERVICES), "missing: the right to write to " + SERVICES);
        String service = "pg_doorman-test-" + UUID.randomUUID();
        Path check = directory.resolve("check.sh");
        Files.writeString(
                check,
                """
                #!/bin/sh
                read -r password
                [ "$PAM_RHOST" = 127.0.0.1 ] && [ "$password" = "$PAM_USER's secret" ]
                """);
        assertThat(check.toFile().setExecutable(true)).isTrue();
        try {
            Files.writeString(
                    SERVICES.resolve(service),
                    """
                    auth required pam_exec.so quiet expose_authtok %s
                    account required pam_permit.so
                    """
                            .formatted(check));
            try (PoolerProcess pooler = pooler(service).start()) {
                assertThat(login(pooler, "alice", "alice's secret")).isEqualTo("in");
                assertThat(login(pooler, "alice", "a wrong secret"))
                        .isEqualTo("28000 PAM authentication failed for user \"alice\"");
                assertThat(login(pooler, "bob", "bob's secret")).isEqualTo("in");
                assertThat(login(pooler, "bob", "a wrong secret"))
                        .isEqualTo("28P01 password authentication failed for user \"bob\"");
                assertThat(login(pooler, "carol", "carol's secret"))
                        .isEqualTo("28P01 password authentication failed for user \"carol\"");

                pooler.handOver();

                assertThat(login(pooler, "alice", "alice's secret")).isEqualTo("in");
                assertThat(pooler.logWith("pam_authenticate: "))
                        .doesNotContain("s secret", "a wrong secret");
            }
        } finally {
            Files.deleteIfExists(SERVICES.resolve(service));
        }
    }

    @Test
    void aConfigurationThatNeedsPamSaysWhatToInstall() throws IOException {
        Path empty = Files.createDirectory(directory.resolve("lib"));
        Files.createFile(empty.resolve("libpam.so.0")); // found first, and of no use
        Path file = pooler("any").write(directory, 6432);

        String said =
                ChildProcess.run(
                        List.of(
                                "/bin/sh",
                                "-c",
                                "\"$0\" -t \"$1\" 2>&1; echo $?",
                                PoolerProcess.program().toString(),
                                file.toString()),
                        Map.of("LD_LIBRARY_PATH", empty.toString()));

        assertThat(said)
                .contains("general.pg_hba:2: PAM cannot be used: there is no libpam.so.0; install")
                .endsWith("78\n");
    }

    /** Alice's line says PAM, Bob's entry does; Carol has a password. */
    private static PoolerProcess.Builder pooler(String service) {
        return PoolerProcess.builder()
                .hba(
                        """
                        host pgdoorman all 127.0.0.1/32 trust
                        host all alice 127.0.0.1/32 pam pamservice=%s
                        host all all 127.0.0.1/32 scram-sha-256
                        """
                                .formatted(service))
                .pool(
                        "shop",
                        PoolerProcess.Builder.serverSettings(SERVER, "postgres", "transaction"),
                        user("alice", ""),
                        user("bob", "auth_pam_service = \"" + service + "\""),
                        user("carol", "password = \"another\""));
    }

    private static String user(String name, String setting) {
        return PoolerProcess.Builder.user(
                name,
                1,
                "server_username = \"%s\"".formatted(PostgresServer.APP),
                "server_password = \"\"",
                setting);
    }

    private static String login(PoolerProcess pooler, String user, String password) {
        try (WireClient client = pooler.client()) {
            List<Message> answer = client.tryLogin(user, password, "shop");
            return answer.getLast().type() == 'Z'
                    ? client.queryValue("SELECT 'in'")
                    : answer.getLast().sqlState() + " " + answer.getLast().field('M');
        }
    }
}
