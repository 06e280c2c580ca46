package io.pgdoorman.metrics;

/** What the page shows beside what the admin console does. Threads: any. */
public interface MetricsSource {
    HandoverState handover();

    /** The process no longer takes new clients. */
    boolean isDraining();
}
