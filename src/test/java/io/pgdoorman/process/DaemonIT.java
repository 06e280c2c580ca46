package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.Ports;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** {@code --daemon}: the process in the background, and its pid file. */
class DaemonIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("daemon");
    private static final Duration LIMIT = Duration.ofSeconds(40);

    @TempDir private Path directory;
    private final int port = Ports.free();
    private Path config;
    private Path pidFile;

    @BeforeAll
    static void needsTheProgram() {
        Requirement.packagedProgram();
    }

    @BeforeEach
    void writeConfiguration() throws IOException {
        config = directory.resolve("pg_doorman.toml");
        pidFile = directory.resolve("pg_doorman.pid");
        Files.writeString(
                config,
                """
                [general]
                host = "127.0.0.1"
                port = %d
                admin_username = "admin"
                admin_password = "admin"
                upgrade_socket = "%s"
                daemon_pid_file = "%s"
                pg_hba = { content = "host all all 127.0.0.1/32 trust" }
                [pools.daemon]
                %s
                [[pools.daemon.users]]
                %s
                """
                        .formatted(
                                port,
                                directory.resolve("control/upgrade.sock"),
                                pidFile,
                                PoolerProcess.Builder.serverSettings(
                                        SERVER, DATABASE, "transaction"),
                                PoolerProcess.Builder.user(PostgresServer.APP, 2)));
    }

    @AfterEach
    void endTheDaemon() throws IOException {
        if (Files.exists(pidFile)) {
            ChildProcess.signal(pid(), "KILL");
        }
    }

    @Test
    void servesWhenTheCommandHasEndedWithZero() throws IOException {
        ChildProcess.run(List.of(PoolerProcess.program().toString(), "-d", config.toString()));

        assertThat(pid()).isPositive();
        try (var client = login()) {
            assertThat(client.queryValue("SELECT 'served'")).isEqualTo("served");
        }
        ChildProcess.signal(pid(), "TERM");
        await().atMost(LIMIT).until(() -> !Files.exists(pidFile));
    }

    @Test
    void saysWhyItDoesNotStart() throws IOException {
        Files.writeString(
                config, Files.readString(config).replace("port = ", "prot = 1\nport = -"));

        try (var command = start()) {
            assertThat(command.awaitExit(LIMIT)).isEqualTo(78);
            assertThat(command.output()).contains("port");
        }
        assertThat(pidFile).doesNotExist();
    }

    @Test
    void aSecondOneIsRefusedAndNamesTheFirst() throws IOException {
        ChildProcess.run(List.of(PoolerProcess.program().toString(), "-d", config.toString()));
        long first = pid();

        try (var second = start()) {
            assertThat(second.awaitExit(LIMIT)).isEqualTo(71);
            assertThat(second.output()).contains(pidFile.toString(), Long.toString(first));
        }
        assertThat(pid()).isEqualTo(first);
    }

    @Test
    void thePidFileFollowsAHandover() throws IOException {
        ChildProcess.run(List.of(PoolerProcess.program().toString(), "-d", config.toString()));
        long first = pid();
        try (var client = login()) {
            client.query("BEGIN");

            ChildProcess.signal(first, "USR2");
            await().atMost(LIMIT).until(() -> !PoolerProcess.isAlive(first));

            assertThat(pid()).isNotEqualTo(first);
            assertThat(PoolerProcess.isAlive(pid())).isTrue();
            assertThat(client.queryValue("SELECT 'goes on'")).isEqualTo("goes on");
        }
    }

    private ChildProcess start() {
        return ChildProcess.start(
                List.of(PoolerProcess.program().toString(), "-d", config.toString()),
                Map.of(),
                directory);
    }

    private long pid() throws IOException {
        return Long.parseLong(Files.readString(pidFile).strip());
    }

    private WireClient login() {
        return WireClient.connect(new InetSocketAddress("127.0.0.1", port))
                .login(PostgresServer.APP, "daemon");
    }
}
