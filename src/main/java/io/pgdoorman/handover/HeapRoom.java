package io.pgdoorman.handover;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Whether the heap has room for what a session holds: on its way to another process that is there
 * several times over, and outside of the heap before. One batch takes one session that holds much.
 *
 * <p>Threads: any.
 */
final class HeapRoom {
    /** What holds less is among what a heap has room for anyway. */
    private static final long MUCH = 1 << 20;

    /** Frozen, in its batch, in the message, in what is sent, and what each of them grew from. */
    private static final int COPIES = 6;

    private final AtomicBoolean taken = new AtomicBoolean();
    private volatile boolean refused;

    /** Whether a session that holds so many bytes may go with this batch. */
    boolean take(long bytes) {
        if (bytes < MUCH) {
            return true;
        }
        boolean first = taken.compareAndSet(false, true);
        if (first && left() < bytes * COPIES) {
            refused = true;
            return false;
        }
        return first;
    }

    /** Whether a session had to stay that would have been the only one. */
    boolean hasRefused() {
        return refused;
    }

    private static long left() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - runtime.totalMemory() + runtime.freeMemory();
    }
}
