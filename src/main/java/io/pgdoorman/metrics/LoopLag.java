package io.pgdoorman.metrics;

import io.netty.channel.EventLoop;

import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How long a task waits for its turn on each event loop, measured whenever this is run: once a
 * second.
 *
 * <p>Threads: {@link #run} one at a time; the rest any.
 */
public final class LoopLag implements Runnable {
    /** A scrape each quarter of a minute misses nothing. */
    private static final int KEPT = 15;

    private static final class Probe implements Runnable {
        private final EventLoop loop;
        private final AtomicLongArray lags = new AtomicLongArray(KEPT);
        private int next;

        /** Of the task under way, {@link System#nanoTime}. Written before it is sent. */
        private volatile long sentNanos;

        /** Written by the runner when it sends a task, by the loop when that runs. */
        private volatile boolean underWay;

        Probe(EventLoop loop) {
            this.loop = loop;
        }

        void send() {
            if (underWay) {
                return;
            }
            next = (next + 1) % KEPT;
            sentNanos = System.nanoTime();
            underWay = true;
            try {
                loop.execute(this);
            } catch (RejectedExecutionException e) {
                underWay = false; // the process ends
            }
        }

        /** On the loop. */
        @Override
        public void run() {
            lags.set(next, System.nanoTime() - sentNanos);
            underWay = false;
        }

        long waitingNanos() {
            return underWay ? Math.max(0, System.nanoTime() - sentNanos) : 0;
        }

        long worstNanos() {
            long worst = waitingNanos();
            for (int i = 0; i < KEPT; i++) {
                worst = Math.max(worst, lags.get(i));
            }
            return worst;
        }
    }

    private final List<Probe> probes;

    public LoopLag(List<EventLoop> loops) {
        this.probes = loops.stream().map(Probe::new).toList();
    }

    /** Measures. */
    @Override
    public void run() {
        probes.forEach(Probe::send);
    }

    /** Loops. */
    public int count() {
        return probes.size();
    }

    /** The longest lag of a loop in the last 15 measurements. */
    public long worstNanos(int loop) {
        return probes.get(loop).worstNanos();
    }

    /** How long the loop has not run a task that waits; 0 if none waits. */
    public long waitingNanos(int loop) {
        return probes.get(loop).waitingNanos();
    }
}
