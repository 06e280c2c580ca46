package io.pgdoorman.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.ChildProcess;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

class PidFileTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int HANDOVERS = 200;

    @TempDir Path directory;

    private Path file;

    @BeforeEach
    void choosePath() {
        file = directory.resolve("pg_doorman.pid");
    }

    @Test
    void namesTheProcessForEverybodyToRead() throws IOException {
        try (var _ = PidFile.acquire(file, 4711)) {
            assertThat(file).hasContent("4711\n");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-r--r--");
        }
    }

    @Test
    void isRemovedByACleanEnd() throws IOException {
        var pidFile = PidFile.acquire(file, 4711);

        pidFile.close();

        assertThat(file).doesNotExist();
    }

    @Test
    void staysForTheSuccessorWhenReleased() throws IOException {
        var predecessor = PidFile.acquire(file, 4711);

        predecessor.release();

        assertThat(file).hasContent("4711\n");
    }

    @Test
    void namesTheSuccessorOnceThatHasIt() throws IOException {
        var predecessor = PidFile.acquire(file, 123_456);
        predecessor.release();

        try (var _ = PidFile.acquire(file, 7)) {
            predecessor.close();

            assertThat(file).hasContent("7\n");
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void canBeTakenBackWhenTheSuccessorFails() throws IOException {
        try (var predecessor = PidFile.acquire(file, 4711)) {
            predecessor.release();
            PidFile.acquire(file, 4712).release();

            predecessor.takeBack();

            assertThat(file).hasContent("4711\n");
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void isRemovedAtTheEndWhenTheSuccessorKeepsAnotherOne() throws IOException {
        var predecessor = PidFile.acquire(file, 4711);
        predecessor.release();

        predecessor.close();

        assertThat(file).doesNotExist();
    }

    @Test
    void isLeftToASuccessorThatHasTheLockAndHasNotWrittenYet() throws IOException {
        var predecessor = PidFile.acquire(file, 4711);
        predecessor.release();
        try (var _ = startHolder()) {
            Files.writeString(file, "4711\n");

            predecessor.close();

            assertThat(file).hasContent("4711\n");
        }
    }

    @Test
    void cannotBeTakenBackFromASuccessorThatLives() throws IOException {
        var predecessor = PidFile.acquire(file, 4711);
        predecessor.release();
        try (var successor = startHolder()) {
            assertThatThrownBy(predecessor::takeBack)
                    .hasMessageContaining("process " + successor.pid());
        }
    }

    @Test
    void isNeitherEmptyNorTornForAReaderDuringHandovers() throws Exception {
        Set<String> seen = new ConcurrentSkipListSet<>();
        var over = new AtomicBoolean();
        PidFile.acquire(file, 1_000_000).release();
        var reader = Thread.ofPlatform().start(() -> readUntil(over, seen));

        for (int i = 0; i < HANDOVERS; i++) {
            PidFile.acquire(file, i % 2 == 0 ? 22 : 4_194_303).release();
        }
        over.set(true);
        reader.join();

        assertThat(seen).isSubsetOf("1000000\n", "22\n", "4194303\n");
    }

    @Test
    void isRefusedWhileAnotherProcessHasIt() throws IOException {
        try (var holder = startHolder()) {
            assertThatThrownBy(() -> PidFile.acquire(file, 4711))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("process " + holder.pid())
                    .hasMessageContaining("stop that one");
            assertThat(file).hasContent(holder.pid() + "\n");
        }
    }

    @Test
    void isTakenOverFromAProcessThatWasKilled() throws IOException {
        startHolder().close();
        assertThat(file).exists();

        try (var _ = PidFile.acquire(file, 4711)) {
            assertThat(file).hasContent("4711\n");
        }
    }

    @Test
    void isTakenOverWhateverItsContent() throws IOException {
        Files.writeString(file, "no pid, and longer than one\n");
        Files.writeString(directory.resolve("pg_doorman.pid.new"), "half of a p");

        try (var _ = PidFile.acquire(file, 4711)) {
            assertThat(file).hasContent("4711\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"4712\n", "4711", "47111\n", ""})
    void isNotRemovedWhenSomebodyElseWroteIt(String content) throws IOException {
        var pidFile = PidFile.acquire(file, 4711);
        Files.writeString(file, content);

        pidFile.close();

        assertThat(file).hasContent(content);
    }

    @Test
    void aCleanEndWithoutTheFileIsFine() throws IOException {
        var pidFile = PidFile.acquire(file, 4711);
        Files.delete(file);

        pidFile.close();
        pidFile.close();

        assertThat(file).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg_doorman.pid", "pg_doorman.pid.lock"})
    void aSymbolicLinkIsNotFollowed(String name) throws IOException {
        Path target = Files.writeString(directory.resolve("target"), "precious");
        Files.createSymbolicLink(directory.resolve(name), target);

        assertThatThrownBy(() -> PidFile.acquire(file, 4711))
                .hasMessageContaining(name)
                .hasMessageContaining("symbolic link");
        assertThat(target).hasContent("precious");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg_doorman.pid", "pg_doorman.pid.lock"})
    void aPipeIsRefusedWithoutWaitingForItsOtherEnd(String name) {
        ChildProcess.run(List.of("mkfifo", directory.resolve(name).toString()));

        assertThatThrownBy(() -> PidFile.acquire(file, 4711))
                .hasMessageContaining(name)
                .hasMessageContaining("no regular file");
    }

    @Test
    void aDirectoryIsRefused() throws IOException {
        Files.createDirectory(file);

        assertThatThrownBy(() -> PidFile.acquire(file, 4711))
                .hasMessageContaining(file.toString())
                .hasMessageContaining("directory");
    }

    @Test
    void aMissingDirectoryIsNamed() {
        Path nowhere = directory.resolve("missing/pg_doorman.pid");

        assertThatThrownBy(() -> PidFile.acquire(nowhere, 4711))
                .hasMessageContaining(nowhere.toString())
                .hasMessageContaining("create it");
    }

    private void readUntil(AtomicBoolean over, Set<String> seen) {
        while (!over.get()) {
            try {
                seen.add(Files.readString(file));
            } catch (IOException e) {
                seen.add(e.toString());
            }
        }
    }

    /** Another process that has the file and keeps it until it is killed. */
    private ChildProcess startHolder() {
        var command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        file.toString());
        var holder = ChildProcess.start(command, Map.of(), directory);
        await().atMost(LIMIT).until(() -> holder.output().contains("has it"));
        return holder;
    }

    static final class Holder {
        private Holder() {}

        public static void main(String[] args) throws Exception {
            try (var _ = PidFile.acquire(Path.of(args[0]), ProcessHandle.current().pid())) {
                System.out.println("has it");
                new CountDownLatch(1).await();
            }
        }
    }
}
