package io.pgdoorman.pool;

import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * The limit over all users of one database ({@code max_db_connections}) with its reserve. A permit
 * lives as long as the server it was given for. When none is left, an idle server of another user
 * that has more than its guaranteed number is closed.
 *
 * <p>Asked only when a server is made or closed, never by the relay. Threads: any thread, because
 * the count is atomic and pools are reached through their own loops.
 */
public final class Coordinator {
    private static final int UNLIMITED = Integer.MAX_VALUE / 2; // sums do not overflow

    private record Limits(int max, int reserve) {}

    /** What has happened since the start of this process or of the first it took over from. */
    public record Counts(long evictions, long reserveAcquisitions, long exhaustions) {}

    /** Written by a reload on the control thread, read by all shards. */
    private volatile Limits limits;

    private final LongAdder evictions = new LongAdder();
    private final LongAdder reserveAcquisitions = new LongAdder();
    private final LongAdder exhaustions = new LongAdder();
    private final AtomicInteger used = new AtomicInteger();

    /** Of the permits for {@link #used}, those of this process, without the reserve. */
    private final Allowance allowance = new Allowance();

    /** Written by a handover, read by all shards. */
    private volatile boolean reserveElsewhere;

    private final List<Pool> pools = new CopyOnWriteArrayList<>();

    /**
     * @param max servers of the database
     * @param reserve servers above it for clients that have waited long
     */
    public Coordinator(int max, int reserve) {
        limits = new Limits(max, reserve);
    }

    /** No limit, but it counts: a reload may set one. */
    public static Coordinator unlimited() {
        return new Coordinator(UNLIMITED, 0);
    }

    /** New limits; servers above them are not closed for that. */
    public void update(int max, int reserve) {
        limits = new Limits(max, reserve);
        wakeOldest();
    }

    /** No limit from now on. */
    public void lift() {
        limits = new Limits(UNLIMITED, 0);
        wakeOldest();
    }

    /** Whether there is a limit. */
    public boolean isEnabled() {
        return limits.max() < UNLIMITED;
    }

    void register(Pool pool) {
        pools.add(pool);
    }

    void unregister(Pool pool) {
        pools.remove(pool);
    }

    public int used() {
        return used.get();
    }

    public int max() {
        return limits.max();
    }

    public int reserve() {
        return limits.reserve();
    }

    /** More servers are open than the database should have: some came from the reserve. */
    boolean isReserveUsed() {
        return used.get() > limits.max();
    }

    /** All permits but those of the reserve are given. */
    boolean isExhausted() {
        return used.get() >= allowance.of(limits.max());
    }

    // ---- shared with another process ---------------------------------------------------------

    /**
     * From now on this process and another keep to the limits together. The reserve is one
     * process's until the end.
     *
     * @param all whether this process begins with all permits, and not with none
     */
    public void share(boolean all) {
        reserveElsewhere = !all;
        allowance.begin(all ? limits.max() : 0);
    }

    /** The other process is gone: all permits are this one's. */
    public void unshare() {
        reserveElsewhere = false;
        allowance.end();
        wakeOldest();
    }

    /** Permits that are not used at the moment, without the reserve; none if there is no limit. */
    public int free() {
        return isEnabled() ? Math.max(0, allowance.of(limits.max()) - used.get()) : 0;
    }

    /**
     * Free permits for the other process.
     *
     * @return how many it gets, at most {@code most}
     */
    public int giveAway(int most) {
        int given = 0;
        while (given < most && isEnabled() && tryAcquire(false)) {
            allowance.add(-1);
            used.decrementAndGet();
            given++;
        }
        return given;
    }

    /** Permits from the other process. */
    public void receive(int permits) {
        if (permits > 0) {
            allowance.add(permits);
            wakeOldest();
        }
    }

    void onLeft() {
        allowance.add(-1);
        used.decrementAndGet();
    }

    void onArrived() {
        used.incrementAndGet(); // before its permit, which is not free
        allowance.add(1);
    }

    // ---- permits -----------------------------------------------------------------------------

    boolean tryAcquire(boolean mayUseReserve) {
        Limits now = limits;
        int usual = allowance.of(now.max());
        int limit = mayUseReserve && !reserveElsewhere ? usual + now.reserve() : usual;
        while (true) {
            int before = used.get();
            if (before >= limit) {
                if (mayUseReserve) {
                    exhaustions.increment();
                }
                return false;
            }
            if (used.compareAndSet(before, before + 1)) {
                if (before >= usual) {
                    reserveAcquisitions.increment();
                }
                return true;
            }
        }
    }

    void release() {
        used.decrementAndGet();
        if (isEnabled()) {
            wakeOldest();
        }
    }

    /** Lets the shard whose client waits longest try again. */
    void wakeOldest() {
        Shard oldest = null;
        for (Pool pool : pools) {
            for (Shard shard : pool.shards()) {
                if (shard.oldestSinceNanos() != Shard.NOBODY
                        && (oldest == null
                                || shard.oldestSinceNanos() - oldest.oldestSinceNanos() < 0)) {
                    oldest = shard;
                }
            }
        }
        if (oldest != null) {
            oldest.wake();
        }
    }

    /** Asks pools with servers to spare, the richest first, to close an idle one. */
    public void requestEviction(Pool asking) {
        List<Shard> candidates =
                pools.stream()
                        .filter(pool -> pool != asking && pool.spare() > 0)
                        .sorted(Comparator.comparingInt(Pool::spare).reversed())
                        .flatMap(pool -> pool.shards().stream())
                        .filter(shard -> shard.idleHint() > 0)
                        .toList();
        evictFrom(candidates, 0);
    }

    private void evictFrom(List<Shard> candidates, int index) {
        if (index < candidates.size()) {
            Shard shard = candidates.get(index);
            shard.loop()
                    .execute(
                            () -> {
                                if (shard.evictOne()) {
                                    evictions.increment();
                                } else {
                                    evictFrom(candidates, index + 1);
                                }
                            });
        }
    }

    /** Counts of another process that goes continue here. */
    public void inherit(Counts counts) {
        evictions.add(counts.evictions());
        reserveAcquisitions.add(counts.reserveAcquisitions());
        exhaustions.add(counts.exhaustions());
    }

    public Counts counts() {
        return new Counts(evictions(), reserveAcquisitions(), exhaustions());
    }

    /** Idle servers closed for the sake of another user. */
    public long evictions() {
        return evictions.sum();
    }

    /** Permits of the reserve that were given. */
    public long reserveAcquisitions() {
        return reserveAcquisitions.sum();
    }

    /** Requests that found limit and reserve used up. */
    public long exhaustions() {
        return exhaustions.sum();
    }

    /** For the error of a client that got none. */
    String describe(String database, String user) {
        int max = max();
        int reserve = reserve();
        int over = Math.max(0, used.get() - max);
        return reserve == 0
                ? "all server connections to database '%s' are in use (max=%d, user='%s')"
                        .formatted(database, max, user)
                : "all server connections to database '%s' are in use (max=%d, reserve=%d/%d, user='%s')"
                        .formatted(database, max, over, reserve, user);
    }
}
