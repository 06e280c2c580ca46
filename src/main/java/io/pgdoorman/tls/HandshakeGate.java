package io.pgdoorman.tls;

import io.netty.util.concurrent.EventExecutor;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Lets the handshakes of one loop take turns with everything else that runs on it. A storm of
 * logins comes as hundreds of hellos at once, a third of a millisecond each: between two looks at
 * the sockets of all others, handshakes get {@link #BUDGET_NANOS} and the rest waits. Those that
 * have begun go before those that have not, so a storm slows logins down and does not time all of
 * them out.
 *
 * <p>With a rate limit, those that have not begun also wait for their time.
 *
 * <pre>
 *   enter ─┬─ time left in this turn ─► goes on at once
 *          └─ waits ─► drain (end of the turn, then once a turn) ─► resume
 * </pre>
 *
 * <p>Threads: confined to its loop.
 */
final class HandshakeGate {
    /** A handshake that may have to wait. */
    interface Waiting {
        /** Its turn has come. */
        void resume();

        /** Nothing is to be done for it any more. */
        boolean isOver();
    }

    static final long BUDGET_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** What may be made up for at once after a while with less than the rate. */
    private static final long BURST_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final EventExecutor loop;
    private final LongSupplier clock;

    /** Between two beginnings; 0 if there is no limit. */
    private final long intervalNanos;

    private final Queue<Waiting> begun = new ArrayDeque<>();
    private final Queue<Waiting> fresh = new ArrayDeque<>();
    private long spentNanos;
    private long nextNanos;
    private boolean turnEndAwaited;
    private boolean timerSet;
    private boolean draining;

    /**
     * @param clock nanoseconds
     */
    HandshakeGate(EventExecutor loop, long intervalNanos, LongSupplier clock) {
        this.loop = loop;
        this.clock = clock;
        this.intervalNanos = intervalNanos;
        this.nextNanos = clock.getAsLong();
    }

    /**
     * Whether the handshake may go on now. If not, {@link Waiting#resume} is called, unless it is
     * over by then.
     *
     * @param begins it has not been let through yet
     */
    boolean enter(Waiting handshake, boolean begins) {
        if (draining) {
            return true;
        }
        boolean free = begun.isEmpty() && spentNanos < BUDGET_NANOS;
        if (begins) {
            if (free && fresh.isEmpty() && takeSlot()) {
                return true;
            }
            fresh.add(handshake);
        } else {
            if (free) {
                return true;
            }
            begun.add(handshake);
        }
        if (!turnEndAwaited) {
            setTimer();
        }
        return false;
    }

    /** What one step of a handshake took. */
    void spent(long nanos) {
        spentNanos += nanos;
        if (!draining && !turnEndAwaited) {
            turnEndAwaited = true;
            loop.execute(this::onTurnEnd); // after all sockets that were ready
        }
    }

    private void onTurnEnd() {
        turnEndAwaited = false;
        drain();
    }

    private void onTimer() {
        timerSet = false;
        drain();
    }

    private void drain() {
        spentNanos = 0;
        draining = true;
        try {
            while (spentNanos < BUDGET_NANOS) {
                Waiting next = next();
                if (next == null) {
                    break;
                }
                next.resume();
            }
        } finally { // others wait for their turn, whatever became of this one
            draining = false;
            if (begun.isEmpty() && fresh.isEmpty()) {
                spentNanos = 0;
            } else {
                setTimer();
            }
        }
    }

    private @Nullable Waiting next() {
        Waiting next = begun.poll();
        while (next != null && next.isOver()) {
            next = begun.poll();
        }
        if (next != null) {
            return next;
        }
        while (!fresh.isEmpty() && fresh.element().isOver()) {
            fresh.remove();
        }
        return fresh.isEmpty() || !takeSlot() ? null : fresh.remove();
    }

    /** Not {@code execute}: that would be done before the sockets are looked at again. */
    private void setTimer() {
        if (timerSet) {
            return;
        }
        timerSet = true;
        long wait = 1;
        if (begun.isEmpty() && intervalNanos > 0) {
            wait = Math.max(1, nextNanos - BURST_NANOS - clock.getAsLong());
        }
        var _ = loop.schedule(this::onTimer, wait, TimeUnit.NANOSECONDS);
    }

    private boolean takeSlot() {
        if (intervalNanos == 0) {
            return true;
        }
        long now = clock.getAsLong();
        if (nextNanos - now > BURST_NANOS) {
            return false;
        }
        nextNanos = (nextNanos - now > 0 ? nextNanos : now) + intervalNanos;
        return true;
    }
}
