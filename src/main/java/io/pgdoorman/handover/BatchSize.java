package io.pgdoorman.handover;

/**
 * How many clients go at once. The other process has run little of its code, so the first batches
 * are small; they grow while they are taken quickly.
 *
 * <p>Threads: a thread of the handover.
 */
final class BatchSize {
    private final int least;
    private final int largest;
    private final long quickNanos;
    private final long slowNanos;
    private int most;

    BatchSize(int least, int largest, long quickNanos, long slowNanos) {
        this.least = least;
        this.largest = largest;
        this.quickNanos = quickNanos;
        this.slowNanos = slowNanos;
        this.most = least;
    }

    /** Clients in the next batch. */
    int most() {
        return most;
    }

    /**
     * @param nanos from when a batch was complete to when it ran in the other process
     */
    void onTaken(long nanos) {
        if (nanos < quickNanos) {
            most = Math.min(largest, most * 2);
        } else if (nanos > slowNanos) {
            most = Math.max(least, most / 2);
        }
    }
}
