package io.pgdoorman.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.config.Secret;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Real files and commands; only the clock is the test's. */
class SecretsTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @TempDir Path home;

    private final AtomicLong nanos = new AtomicLong();
    private final Secrets secrets = new Secrets(nanos::get);

    private static String value(CompletableFuture<Secret> fetched) throws Exception {
        return fetched.get(20, TimeUnit.SECONDS).reveal();
    }

    private Path file(String text) throws IOException {
        Path file = home.resolve("secret");
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file;
    }

    private SecretOrigin.Command command(String text, Duration maxAge) {
        return new SecretOrigin.Command(text, Duration.ofSeconds(20), maxAge);
    }

    /** Writes a line for each run, and its number as the password. */
    private SecretOrigin.Command counting(Duration maxAge) {
        Path runs = home.resolve("runs");
        return command("echo x >> %s; wc -l < %s".formatted(runs, runs), maxAge);
    }

    private static String reason(CompletableFuture<Secret> fetched) {
        var failure = new String[1];
        assertThatThrownBy(() -> fetched.get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .satisfies(e -> failure[0] = e.getCause().getMessage())
                .cause()
                .isInstanceOf(SecretException.class);
        return failure[0];
    }

    @Test
    void aFileIsReadEachTime() throws Exception {
        var origin = new SecretOrigin.File(file("first\r\nmore\n"));

        String before = value(secrets.get(origin));
        file("second");
        String after = value(secrets.get(origin));

        assertThat(before).isEqualTo("first");
        assertThat(after).isEqualTo("second");
    }

    @ParameterizedTest
    @CsvSource({"'', is empty", "'\n', is empty", "'a\0b', contains a NUL"})
    void aFileWithoutAPasswordIsNone(String text, String reason) throws Exception {
        assertThat(reason(secrets.get(new SecretOrigin.File(file(text))))).contains(reason);
    }

    @Test
    void whatIsNoPlainFileOrTooLargeIsNotRead() throws Exception {
        assertThat(reason(secrets.get(new SecretOrigin.File(Path.of("/dev/zero")))))
                .contains("/dev/zero: is not a plain file");
        assertThat(reason(secrets.get(new SecretOrigin.File(file("x".repeat(1 << 21))))))
                .contains("is larger than");
        assertThat(reason(secrets.get(new SecretOrigin.File(home.resolve("none")))))
                .contains("none: there is no such file");
    }

    @Test
    void aCommandsAnswerCountsUntilItIsTooOld() throws Exception {
        var origin = counting(MINUTE);

        String first = value(secrets.get(origin));
        nanos.addAndGet(MINUTE.toNanos() - 1);
        String kept = value(secrets.get(origin));
        nanos.addAndGet(1);
        String next = value(secrets.get(origin));

        assertThat(List.of(first, kept, next)).containsExactly("1", "1", "2");
    }

    @Test
    void aRefusedAnswerIsAskedForAgainOnce() throws Exception {
        var origin = counting(MINUTE);
        Secret refused = secrets.get(origin).get();

        String renewed = value(secrets.renew(origin, refused));
        String late = value(secrets.renew(origin, refused)); // who was refused with the old one

        assertThat(renewed).isEqualTo("2");
        assertThat(late).isEqualTo("2");
    }

    @Test
    void aReloadRunsItAgain() throws Exception {
        var origin = counting(MINUTE);
        value(secrets.get(origin));

        secrets.forget();

        assertThat(value(secrets.get(origin))).isEqualTo("2");
    }

    @Test
    void whoComesMeanwhileSharesTheRun() throws Exception {
        Path gate = home.resolve("gate");
        var origin =
                command(
                        "while [ ! -e %s ]; do sleep 0.05; done; echo x >> %s; wc -l < %s"
                                .formatted(gate, home.resolve("n"), home.resolve("n")),
                        Duration.ZERO);
        List<CompletableFuture<Secret>> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            all.add(secrets.get(origin));
        }

        Files.createFile(gate);

        for (CompletableFuture<Secret> one : all) {
            assertThat(value(one)).isEqualTo("1");
        }
    }

    @Test
    void aFailedCommandTellsItsErrorButNotItsOutput() {
        var origin =
                command("echo hunter2; echo; echo 'no token' >&2; echo more >&2; exit 3", MINUTE);

        assertThat(reason(secrets.get(origin)))
                .isEqualTo("command echo: ended with status 3: no token");
    }

    @Test
    void aFailureIsNotKept() throws Exception {
        Path there = home.resolve("there");
        var origin = command("cat " + there, MINUTE);
        reason(secrets.get(origin));

        Files.writeString(there, "now");

        assertThat(value(secrets.get(origin))).isEqualTo("now");
    }

    @Test
    void aCommandThatTakesTooLongIsKilledWithWhatItStarted() throws Exception {
        Path pids = home.resolve("pids");
        var origin =
                new SecretOrigin.Command(
                        "sleep 300 & echo $! > %s; wait".formatted(pids),
                        Duration.ofMillis(500),
                        MINUTE);

        assertThat(reason(secrets.get(origin)))
                .contains("took longer than 500 ms and was killed (see password_command_timeout)");

        long child = Long.parseLong(Files.readString(pids).strip());
        await().atMost(Duration.ofSeconds(10))
                .until(
                        () -> ProcessHandle.of(child).map(ProcessHandle::isAlive).orElse(false),
                        is -> !is);
    }

    /** More than a pipe holds: it would hang if nobody read it. */
    @Test
    void whatACommandWritesBesidesIsRead() throws Exception {
        var origin =
                command(
                        "echo token; head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2",
                        MINUTE);

        assertThat(value(secrets.get(origin))).isEqualTo("token");
    }

    @Test
    void aCommandThatWritesNothingIsAnError() {
        assertThat(reason(secrets.get(command("true", MINUTE))))
                .isEqualTo("command true: the first line is empty");
    }

    /** As libpq. */
    @ParameterizedTest
    @CsvSource({"rw-------, ''", "r--------, ''", "rw-r-----, not used", "rw----r--, not used"})
    void aPasswordFileForAllIsNotUsed(String permissions, String reason) throws Exception {
        Path file = file("*:*:*:*:secret\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
        var origin = new SecretOrigin.PassFile(file, "h", 1, "d", "u");

        CompletableFuture<Secret> fetched = secrets.get(origin);

        if (reason.isEmpty()) {
            assertThat(value(fetched)).isEqualTo("secret");
        } else {
            assertThat(reason(fetched)).contains("group or others have access", reason);
        }
    }

    @Test
    void aPasswordFileWithoutALineForTheLoginSaysWhich() throws Exception {
        var origin = new SecretOrigin.PassFile(file("h:1:d:other:x\n"), "h", 1, "d", "u");

        assertThat(reason(secrets.get(origin))).endsWith("has no password for h:1:d:u");
    }

    @Test
    void theCheckWarnsOfFilesThatOthersMayRead() throws Exception {
        var origin = new SecretOrigin.File(file("secret"));
        assertThat(Secrets.check(origin)).isEmpty();

        Files.setPosixFilePermissions(origin.path(), PosixFilePermissions.fromString("rw-r--r--"));

        assertThat(Secrets.check(origin))
                .hasValue(origin.path() + ": group or others have access to it (chmod 0600)");
    }

    @Test
    void theCheckRunsNoCommand() {
        assertThat(Secrets.check(counting(MINUTE))).isEmpty();
        assertThat(home.resolve("runs")).doesNotExist();
    }
}
