package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.process.load.ClientKind;
import io.pgdoorman.process.load.Disturbance;
import io.pgdoorman.process.load.Handovers;
import io.pgdoorman.process.load.LoadHarness;
import io.pgdoorman.process.load.LoadReport;
import io.pgdoorman.process.load.RandomHandovers;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;

import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Clients of all kinds, each of which checks every answer, while the process is replaced under
 * them. The system property {@code pg_doorman.test.handovers} says how often; {@code
 * pg_doorman.test.seed} repeats the choices of a run that failed, {@code pg_doorman.test.clients}
 * names kinds of clients, which then come eight times as often, alone. Half of the handovers are
 * with all TCP connections encrypted, on both sides; {@code pg_doorman.test.tls} chooses one half.
 */
@Isolated("the machine is to be busy with this load, and answers are waited for in seconds")
class HandoverLoadIT {
    private static final String TLS = System.getProperty("pg_doorman.test.tls", "");
    private static final int COUNT = Integer.getInteger("pg_doorman.test.handovers", 16);
    private static final long SEED =
            Long.getLong("pg_doorman.test.seed", new Random().nextInt(1_000_000));
    private static final Map<ClientKind, Integer> MIX =
            ClientKind.mixOf(System.getProperty("pg_doorman.test.clients", ""));
    private static final Duration UNDISTURBED = Duration.ofSeconds(5);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);
    private static final Duration LIMIT = Duration.ofSeconds(15);

    /** Fewer than one for each handover, so that one left behind each time is found. */
    private static final int SPARE_DESCRIPTORS = 4;

    /** Generations do the same work; memory that each hands on to the next would pile up. */
    private static final double SPARE_MEMORY = 1.5;

    @TempDir static Path home;

    private static PostgresServer encrypting;

    private static LoadHarness harness(boolean tls) {
        if (!tls) {
            return new LoadHarness(PostgresServer.shared(), MIX, SEED, Optional.empty());
        }
        if (encrypting == null) {
            encrypting = PostgresServer.builder().tls().start();
        }
        return new LoadHarness(encrypting, MIX, SEED, Optional.of(home));
    }

    static List<Boolean> encryption() {
        return TLS.isEmpty() ? List.of(false, true) : List.of(Boolean.valueOf(TLS));
    }

    @BeforeAll
    static void requirements() {
        Requirement.packagedProgram();
    }

    @AfterAll
    static void stop() {
        if (encrypting != null) {
            encrypting.close();
        }
    }

    @Test
    void everyAnswerIsRightWhenNothingDisturbs() {
        try (var harness = harness(encryption().getLast())) {
            int descriptors = descriptorsWithoutServers(harness);

            LoadReport report = harness.run(Disturbance.none(UNDISTURBED));

            assertThat(report.faults()).as(report.toString()).isEmpty();
            assertThat(report.opened()).as(report.toString()).isEmpty();
            awaitDescriptors(harness, descriptors);
        }
    }

    /** The long form takes an hour and more. */
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    @ParameterizedTest(name = "tls={0}")
    @MethodSource("encryption")
    void everyAnswerIsRightThroughHandoversAtAnyMoment(boolean tls) {
        int count = COUNT / encryption().size();
        try (var harness = harness(tls)) {
            int descriptors = descriptorsWithoutServers(harness);
            List<ProcessUse> generations = new ArrayList<>();
            Handovers observed =
                    pooler -> {
                        pooler.handOver();
                        generations.add(ProcessUse.of(pooler.pid()));
                    };

            LoadReport report =
                    harness.run(new RandomHandovers(observed, count, LONGEST_PAUSE, SEED));

            assertThat(report.faults()).as(report.toString()).isEmpty();
            assertThat(report.opened()).as(report.toString()).isEmpty();
            assertThat(generations).hasSize(count);
            awaitDescriptors(harness, descriptors);
            assertThat((double) mostMemory(lastQuarter(generations)))
                    .as("resident bytes of the last generations: %s", generations)
                    .isLessThan(SPARE_MEMORY * mostMemory(firstQuarter(generations)));
        }
    }

    /** What the process has open besides its servers; before and after the clients. */
    private static int descriptorsWithoutServers(LoadHarness harness) {
        int servers = harness.servers().servers().size();
        return ProcessUse.of(harness.pooler().pid()).descriptors() - servers;
    }

    /** The program closes the connections of clients that have left soon, but not at once. */
    private static void awaitDescriptors(LoadHarness harness, int before) {
        try {
            await("descriptors besides the servers")
                    .atMost(LIMIT)
                    .untilAsserted(
                            () ->
                                    assertThat(descriptorsWithoutServers(harness))
                                            .isLessThanOrEqualTo(before + SPARE_DESCRIPTORS));
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(holders(harness), e);
        }
    }

    /** What may hold descriptors that it should not. */
    private static String holders(LoadHarness harness) {
        PoolerProcess pooler = harness.pooler();
        return "%s%n%s%n%s"
                .formatted(
                        ProcessUse.openKinds(pooler.pid()),
                        pooler.ctl("show", "clients"),
                        pooler.ctl("show", "servers"));
    }

    private static List<ProcessUse> firstQuarter(List<ProcessUse> generations) {
        return generations.subList(0, (generations.size() + 3) / 4);
    }

    private static List<ProcessUse> lastQuarter(List<ProcessUse> generations) {
        return generations.subList(generations.size() * 3 / 4, generations.size());
    }

    private static long mostMemory(List<ProcessUse> generations) {
        return generations.stream().mapToLong(ProcessUse::residentBytes).max().orElseThrow();
    }
}
