package io.pgdoorman.session;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes of client messages held in memory at the moment, over all clients: only clients that wait
 * for a server hold any.
 *
 * <p>Threads: any thread, because the count is atomic.
 */
final class MemoryBudget {
    private final AtomicLong used = new AtomicLong();

    /** Written by a reload on the control thread, read by every client that waits. */
    private volatile long limitBytes;

    MemoryBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Adds what is held now, in any case; false if that is more than there should be. */
    boolean add(int bytes) {
        return used.addAndGet(bytes) <= limitBytes;
    }

    void setLimit(long bytes) {
        limitBytes = bytes;
    }

    void subtract(int bytes) {
        used.addAndGet(-bytes);
    }

    long used() {
        return used.get();
    }
}
