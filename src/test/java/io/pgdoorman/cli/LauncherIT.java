package io.pgdoorman.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The launcher script of the packaged program. */
class LauncherIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String PROGRAM = PoolerProcess.program().toString();

    @TempDir private Path directory;

    @Test
    void runsThroughASymbolicLinkFromAnyDirectoryWithoutAWarning() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("pooler"), Path.of(PROGRAM));

        String output = ChildProcess.run(List.of(link.toString(), "--version"));

        assertThat(output).matches("pg_doorman \\S+\n");
        Files.delete(link);
    }

    @Test
    void usesTheAotCacheOfTheImage() {
        // With this mode the virtual machine does not start unless it can use the cache.
        String output =
                ChildProcess.run(
                        List.of(PROGRAM, "--version"),
                        Map.of("PG_DOORMAN_JAVA_OPTS", "-XX:AOTMode=on"));

        assertThat(output).startsWith("pg_doorman ");
    }

    @Test
    void startsWithoutAWordWhenTheAotCacheDoesNotFit() {
        String output =
                ChildProcess.run(
                        List.of(PROGRAM, "--version"),
                        Map.of("PG_DOORMAN_JAVA_OPTS", "-XX:+UseParallelGC -XX:-UseSerialGC"));

        assertThat(output).matches("pg_doorman \\S+\n");
    }

    @Test
    void saysWhichJavaItNeeds() {
        try (var launcher =
                ChildProcess.start(
                        List.of(PROGRAM, "--version"),
                        Map.of("PG_DOORMAN_JAVA_HOME", directory.toString()),
                        directory)) {
            int code = launcher.awaitExit(LIMIT);

            assertThat(code).isEqualTo(1);
            assertThat(launcher.output()).contains("PG_DOORMAN_JAVA_HOME=" + directory, "25");
        }
    }

    @Test
    void becomesTheVirtualMachineItself() throws IOException {
        try (var pooler = PoolerProcess.builder().start()) {
            Path executable = Files.readSymbolicLink(Path.of("/proc/" + pooler.pid() + "/exe"));

            assertThat(executable).hasFileName("java");
        }
    }

    @Test
    void sizesTheHeapByTheAllowedConnections() throws IOException {
        try (var few = PoolerProcess.builder().general("max_connections", "64").start();
                var many = PoolerProcess.builder().general("max_connections", "64000").start()) {
            assertThat(commandLine(few)).contains("-Xmx65m");
            assertThat(commandLine(many)).contains("-Xmx1064m");
        }
    }

    @Test
    void obeysAnInterruptThatItsParentIgnored() throws IOException {
        Path script = directory.resolve("start");
        Files.writeString(script, "trap '' INT HUP\nexec " + PROGRAM + " \"$@\"\n");
        try (var donor = PoolerProcess.builder().start()) {
            donor.signal("TERM");
            donor.awaitExit(LIMIT);
            String config = donor.configuration().toString();
            try (var pooler =
                    ChildProcess.start(
                            List.of("/bin/sh", script.toString(), config),
                            Map.of("PG_DOORMAN_CI_SHUTDOWN_ONLY", "1"),
                            directory)) {
                awaitOutput(pooler, "is ready");
                pooler.signal("INT");

                assertThat(pooler.awaitExit(LIMIT)).as(pooler.output()).isEqualTo(0);
            }
        }
    }

    @Test
    void survivesAnUpgradeSignalWhileItStarts() {
        try (var version =
                ChildProcess.start(
                        List.of(PROGRAM, "--version"),
                        Map.of("PG_DOORMAN_JAVA_OPTS", "-XX:AOTMode=off"),
                        directory)) {
            awaitVirtualMachine(version.pid());
            version.signal("USR2");
            version.signal("USR1");

            assertThat(version.awaitExit(LIMIT)).as(version.output()).isEqualTo(0);
        }
    }

    private static String commandLine(PoolerProcess pooler) throws IOException {
        return Files.readString(Path.of("/proc/" + pooler.pid() + "/cmdline"));
    }

    private static void awaitOutput(ChildProcess process, String text) {
        org.awaitility.Awaitility.await()
                .atMost(LIMIT)
                .until(() -> !process.isAlive() || process.output().contains(text));
    }

    private static void awaitVirtualMachine(long pid) {
        org.awaitility.Awaitility.await()
                .pollInterval(Duration.ofMillis(1))
                .atMost(LIMIT)
                .until(
                        () ->
                                Files.readString(Path.of("/proc/" + pid + "/cmdline"))
                                        .contains("-Xmx"));
    }

    @Test
    void saysWhatIsWrongWithTheConfigurationWhenItStarts(@TempDir Path home) throws Exception {
        Path file = Files.writeString(home.resolve("bad.toml"), "[general]\nport = \"no\"\n");

        try (ChildProcess launcher =
                ChildProcess.start(
                        List.of(PoolerProcess.program().toString(), file.toString()),
                        Map.of(),
                        home)) {
            assertThat(launcher.awaitExit(LIMIT)).as(launcher.output()).isEqualTo(78);
            assertThat(launcher.output()).contains("Config parse error: ", "general.port");
        }
    }
}
