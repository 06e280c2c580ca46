package io.pgdoorman.pool;

import io.pgdoorman.backend.ParameterSet;

import org.jspecify.annotations.Nullable;

/**
 * One client's place in the queue. It is made once for a client that waits for the first time and
 * serves all of its waits, so a wait allocates nothing.
 *
 * <p>Threads: confined to the client's event loop.
 */
public final class Ticket {
    final Waiter waiter;
    ParameterSet profile = ParameterSet.EMPTY;
    long sinceNanos;
    long deadlineNanos;
    boolean queued;
    @Nullable Ticket previous;
    @Nullable Ticket next;

    public Ticket(Waiter waiter) {
        this.waiter = waiter;
    }

    public boolean isQueued() {
        return queued;
    }

    /** When the wait began, {@link System#nanoTime}; meaningless if not queued. */
    public long sinceNanos() {
        return sinceNanos;
    }

    public long deadlineNanos() {
        return deadlineNanos;
    }
}
