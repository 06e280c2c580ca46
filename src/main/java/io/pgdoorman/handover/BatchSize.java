package io.pgdoorman.handover;

/**
 * How many clients go at once. The other process has run little of its code, so the first batches
 * are small; they grow while they are taken quickly, and when all would not be over in time: on
 * loops that are always busy a batch waits for its turn, however small it is.
 *
 * <p>Threads: a thread of the handover.
 */
final class BatchSize {
    private final int least;
    private final int largest;
    private final long quickNanos;
    private final long slowNanos;
    private int most;
    private long lastNanos;

    BatchSize(int least, int largest, long quickNanos, long slowNanos) {
        this.least = least;
        this.largest = largest;
        this.quickNanos = quickNanos;
        this.slowNanos = slowNanos;
        this.most = least;
    }

    /**
     * Clients in the next batch.
     *
     * @param waiting how many there are
     * @param leftNanos in which all of them should have gone, with as many batches of another kind
     *     between them; may be negative
     */
    int most(int waiting, long leftNanos) {
        if (lastNanos == 0) {
            return most;
        }
        long batches = Math.max(1, leftNanos / (2 * lastNanos));
        long needed = (waiting + batches - 1) / batches;
        return (int) Math.min(largest, Math.max(most, needed));
    }

    /**
     * @param nanos from when a batch was complete to when it ran in the other process
     */
    void onTaken(long nanos) {
        lastNanos = nanos;
        if (nanos < quickNanos) {
            most = Math.min(largest, most * 2);
        } else if (nanos > slowNanos) {
            most = Math.max(least, most / 2);
        }
    }
}
