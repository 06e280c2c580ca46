package io.pgdoorman.runtime;

import io.netty.channel.EventLoop;
import io.pgdoorman.pool.Pool;

import org.HdrHistogram.Histogram;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Moves the period of averages and percentiles on: asks each loop for what it has timed since.
 *
 * <p>Threads: one of its own.
 */
final class StatsTicker implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(StatsTicker.class);

    /** A third of the period: {@link io.pgdoorman.stats.PoolStats#TICKS}. */
    private static final Duration TICK = Duration.ofSeconds(5);

    private static final long LIMIT_SECONDS = 2;

    private final Supplier<List<Pool>> pools;
    private final List<EventLoop> loops;

    StatsTicker(Supplier<List<Pool>> pools, List<EventLoop> loops) {
        this.pools = pools;
        this.loops = loops;
    }

    @Override
    public void run() {
        try {
            while (true) {
                Thread.sleep(TICK);
                tick();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tick() throws InterruptedException {
        List<Pool> all = pools.get();
        List<CompletableFuture<List<List<Histogram>>>> asked = new ArrayList<>();
        for (int i = 0; i < loops.size(); i++) {
            int index = i;
            asked.add(
                    CompletableFuture.supplyAsync(
                            () ->
                                    all.stream()
                                            .map(pool -> pool.stats().takeInterval(index))
                                            .toList(),
                            loops.get(i)));
        }
        Map<Pool, List<List<Histogram>>> intervals = new HashMap<>();
        for (CompletableFuture<List<List<Histogram>>> answer : asked) {
            try {
                List<List<Histogram>> ofLoop = answer.get(LIMIT_SECONDS, TimeUnit.SECONDS);
                for (int i = 0; i < all.size(); i++) {
                    intervals
                            .computeIfAbsent(all.get(i), _ -> new ArrayList<>())
                            .add(ofLoop.get(i));
                }
            } catch (TimeoutException | ExecutionException e) {
                LOG.debug("a loop did not answer", e);
            }
        }
        long now = System.nanoTime();
        intervals.forEach((pool, interval) -> pool.stats().tick(now, interval));
    }
}
