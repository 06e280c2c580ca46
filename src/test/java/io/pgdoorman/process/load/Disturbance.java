package io.pgdoorman.process.load;

import java.time.Duration;

/**
 * What happens while clients work. {@code toString} tells all that is needed to do it again.
 * Threads: called on the thread of {@link LoadHarness#run}.
 */
@FunctionalInterface
public interface Disturbance {
    /**
     * Disturbs until it is done, or until {@link LoadHarness#workFor} says that there was a fault.
     */
    void run(LoadHarness harness);

    /** Nothing happens for {@code duration}. */
    static Disturbance none(Duration duration) {
        return new Disturbance() {
            @Override
            public void run(LoadHarness harness) {
                boolean _ = harness.workFor(duration);
            }

            @Override
            public String toString() {
                return "nothing for " + duration;
            }
        };
    }
}
