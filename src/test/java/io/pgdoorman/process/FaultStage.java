package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.handover.FakePeer;
import io.pgdoorman.testing.PoolerProcess;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A pooler with a crowd, as it is before a fault of a handover and has to be after it. Threads:
 * confined to the test's thread.
 */
final class FaultStage implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int KILLED = 137;
    private static final Pattern STARTED =
            Pattern.compile("Handover: started \\S+ as process (\\d+)");

    private final PoolerProcess pooler;
    private final Crowd crowd;
    private final int descriptors;
    private final int logBefore;

    FaultStage(PoolerProcess pooler) {
        this.pooler = pooler;
        await().atMost(LIMIT).until(() -> Files.exists(control()));
        crowd = new Crowd(pooler);
        crowd.assertUnharmed();
        descriptors = Processes.settledDescriptors(pooler.pid());
        logBefore = pooler.log().length();
    }

    Path control() {
        return pooler.controlSocket();
    }

    /** The process that was started last. */
    long successor() {
        Matcher started = STARTED.matcher(log());
        long pid = 0;
        while (started.find()) {
            pid = Long.parseLong(started.group(1));
        }
        if (pid == 0) {
            throw new IllegalStateException("none was started: " + log());
        }
        return pid;
    }

    String log() {
        return pooler.log().substring(logBefore);
    }

    /** Waits for a line that has all these words. */
    void awaitLine(String... words) {
        await(String.join(" ... ", words))
                .atMost(LIMIT)
                .until(() -> log().lines().anyMatch(line -> has(line, words)));
    }

    private static boolean has(String line, String... words) {
        return Stream.of(words).allMatch(line::contains);
    }

    /** A handover came to nothing: where, why, and who serves. */
    void awaitFailure(String phase, String reason) {
        awaitLine(
                "Handover: FAILED in phase " + phase + ": ",
                reason,
                "This process goes on serving.");
    }

    /** Whether the running process has killed a successor, or let it go. */
    void assertFate(FakePeer fake, boolean killed) {
        if (killed) {
            assertThat(fake.awaitExit(LIMIT)).isEqualTo(KILLED);
            awaitLine("Handover: process " + fake.pid() + " is killed: ");
        } else {
            assertThat(fake.isAlive()).isTrue();
            assertThat(log()).doesNotContain("is killed");
        }
    }

    /** The same process serves everyone, alone, with as many descriptors as before. */
    void assertUnharmed() {
        crowd.assertUnharmed();
        await().atMost(LIMIT)
                .untilAsserted(
                        () ->
                                assertThat(Processes.of(pooler))
                                        .as("processes")
                                        .containsExactly(pooler.pid()));
        await().atMost(LIMIT)
                .untilAsserted(
                        () ->
                                assertThat(Processes.descriptors(pooler.pid()))
                                        .as(Processes.openFiles(pooler.pid()).toString())
                                        .isEqualTo(descriptors));
    }

    /** As {@link #assertUnharmed}, and the next handover takes everyone along. */
    void assertReplaceable() {
        assertUnharmed();
        pooler.handOver();
        crowd.assertUnharmed();
        assertThat(Processes.of(pooler)).containsExactly(pooler.pid());
    }

    /** The crowd goes. */
    @Override
    public void close() {
        crowd.close();
    }
}
