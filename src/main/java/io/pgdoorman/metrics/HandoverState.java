package io.pgdoorman.metrics;

import io.pgdoorman.handover.Phase;
import io.pgdoorman.handover.Report;
import io.pgdoorman.stats.Histogram;

import java.util.Optional;

/**
 * What is known of handovers. Threads: immutable.
 *
 * @param phase of the one that is under way
 * @param failures those to a successor that came to nothing, of all processes so far
 * @param pauses of clients, in handovers of all processes so far
 * @param began the one by which this process began
 */
public record HandoverState(Phase phase, long failures, Histogram pauses, Optional<Report> began) {
    /** There was none. */
    public static final HandoverState NONE =
            new HandoverState(Phase.NONE, 0, new Histogram(), Optional.empty());
}
