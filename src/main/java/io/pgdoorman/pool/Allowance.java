package io.pgdoorman.pool;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * This process's part of a limit while another process shares it. The parts of both together are
 * the limit; permits go from one to the other, with the servers they stand for or free.
 *
 * <p>Threads: any thread, because it is one atomic number.
 */
final class Allowance {
    private static final int ALL = Integer.MAX_VALUE / 2; // sums do not overflow

    private final AtomicInteger permits = new AtomicInteger(ALL);

    /** The limit for this process, of one that both share. */
    int of(int limit) {
        return Math.min(limit, permits.get());
    }

    void begin(int mine) {
        permits.set(mine);
    }

    /** The other process is gone. */
    void end() {
        permits.set(ALL);
    }

    boolean isShared() {
        return permits.get() < ALL / 2;
    }

    void add(int change) {
        permits.updateAndGet(now -> now == ALL ? ALL : now + change);
    }
}
