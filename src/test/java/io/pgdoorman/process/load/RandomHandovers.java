package io.pgdoorman.process.load;

import java.time.Duration;
import java.util.Random;
import java.util.Set;

/**
 * Handovers at random moments. After each, the servers must be those from before: none was opened
 * because of it. Threads: as {@link Disturbance}.
 *
 * @param longestPause of undisturbed work before each
 */
public record RandomHandovers(Handovers handovers, int count, Duration longestPause, long seed)
        implements Disturbance {
    @Override
    public void run(LoadHarness harness) {
        var random = new Random(seed);
        for (int i = 1; i <= count; i++) {
            if (!harness.workFor(Duration.ofNanos(random.nextLong(longestPause.toNanos())))) {
                return;
            }
            String which = "handover %d of %d".formatted(i, count);
            ServerSnapshot before = harness.servers();
            try {
                handovers.handOver(harness.pooler());
            } catch (RuntimeException e) {
                harness.report(new Fault(which, e.toString()));
                return;
            }
            Set<ServerSnapshot.Server> appeared = harness.servers().since(before);
            if (!appeared.isEmpty()) {
                harness.report(new Fault(which, "new servers: " + appeared));
            }
        }
        boolean _ = harness.workFor(longestPause);
    }

    @Override
    public String toString() {
        return "%d handovers with pauses of up to %s, seed %d".formatted(count, longestPause, seed);
    }
}
