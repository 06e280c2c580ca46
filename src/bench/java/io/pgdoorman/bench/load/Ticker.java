package io.pgdoorman.bench.load;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.util.concurrent.locks.LockSupport;

/**
 * A thread that wants to run each millisecond and notes when it did: what delays it delays the
 * whole process, such as a garbage collection, or cores that are all taken.
 *
 * <p>Threads: {@link #run} is one of its own.
 */
final class Ticker implements Runnable {
    static final int WHO = -1;

    private static final long EVERY = MILLISECONDS.toNanos(1);

    final Recorder recorder = new Recorder(1_000_000);

    @Override
    public void run() {
        long woke = System.nanoTime();
        while (true) {
            long due = woke + EVERY;
            LockSupport.parkNanos(EVERY);
            woke = System.nanoTime();
            recorder.add(WHO, due, woke);
        }
    }
}
