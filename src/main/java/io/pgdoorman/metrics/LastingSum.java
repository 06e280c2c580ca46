package io.pgdoorman.metrics;

import io.pgdoorman.admin.PoolRow;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.PoolStats;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A counter of all pools together, which does not go back when a reload removes one of them: what
 * that had counted at the last scrape stays. Threads: confined to the page's lock.
 */
final class LastingSum {
    private final Counter counter;
    private IdentityHashMap<PoolStats, Long> last = new IdentityHashMap<>();
    private long gone;

    LastingSum(Counter counter) {
        this.counter = counter;
    }

    long over(List<PoolRow> rows) {
        IdentityHashMap<PoolStats, Long> now = new IdentityHashMap<>();
        long sum = 0;
        for (PoolRow row : rows) {
            long count = row.pool().stats().totals().get(counter);
            now.put(row.pool().stats(), count);
            sum += count;
        }
        for (Map.Entry<PoolStats, Long> before : last.entrySet()) {
            if (!now.containsKey(before.getKey())) {
                gone += before.getValue();
            }
        }
        last = now;
        return gone + sum;
    }
}
