package io.pgdoorman.process.load;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * When clients go on: pauses that give the load its shape, and the request to stop, which ends them
 * all. Threads: any.
 */
public final class Pace {
    private final CountDownLatch stop = new CountDownLatch(1);
    private final boolean pausing;

    private Pace(boolean pausing) {
        this.pausing = pausing;
    }

    public static Pace withPauses() {
        return new Pace(true);
    }

    /** Every pause is skipped. */
    public static Pace withoutPauses() {
        return new Pace(false);
    }

    /** From now on clients finish the round they are in, without pauses. */
    public void stop() {
        stop.countDown();
    }

    boolean isStopping() {
        return stop.getCount() == 0;
    }

    /** A pause of a random length that shapes the load; nothing is waited for. */
    void pause(RandomGenerator random, int leastMillis, int mostMillis) {
        if (pausing) {
            await(random.nextLong(leastMillis, mostMillis + 1L));
        }
    }

    void untilStopped() {
        await(Long.MAX_VALUE);
    }

    private void await(long millis) {
        try {
            boolean _ = stop.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
