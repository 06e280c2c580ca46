package io.pgdoorman.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** A moment until which something is waited for. Threads: immutable. */
public final class Deadline {
    private final long endNanos;

    private Deadline(long endNanos) {
        this.endNanos = endNanos;
    }

    public static Deadline in(Duration limit) {
        return new Deadline(System.nanoTime() + limit.toNanos());
    }

    public boolean isOver() {
        return remainingMillis() == 0;
    }

    /** Milliseconds left, rounded up; zero when it is over. */
    public long remainingMillis() {
        return Math.max(0, (endNanos - System.nanoTime() + 999_999) / 1_000_000);
    }

    /** The pause between two looks at a condition that nobody reports. */
    public static void breathe() {
        LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
}
