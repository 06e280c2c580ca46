package io.pgdoorman.metrics;

import io.pgdoorman.admin.AdminHost;
import io.pgdoorman.admin.Inventory;
import io.pgdoorman.admin.PoolRow;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The page of metrics, made anew for each scrape; scrapes that come at the same time share the
 * figures.
 *
 * <p>Threads: any but an event loop, one at a time; it waits for the loops.
 */
public final class MetricsPage {
    private static final Duration SHARED = Duration.ofMillis(250);

    /**
     * Figures, when they were collected, and the pages made of them so far.
     *
     * @param pages guarded by {@link #lock}
     */
    private record Collected(Figures figures, long nanos, Map<Format, byte[]> pages) {
        static Collected now(Figures figures) {
            return new Collected(figures, System.nanoTime(), new EnumMap<>(Format.class));
        }
    }

    private final Inventory inventory;
    private final ProcessFamilies process;
    private final PoolFamilies pools = new PoolFamilies();
    private final StatementFamilies statements = new StatementFamilies();
    private final ServerFamilies servers;
    private final AuthQueryFamilies lookups;
    private final TlsFamilies tls;
    private final HandoverFamilies handover;
    private final JvmFamilies jvm;
    private final ReentrantLock lock = new ReentrantLock();

    /** Guarded by {@link #lock}. */
    private Collected last = Collected.now(new Families().figures());

    private boolean collected;

    public MetricsPage(AdminHost host, MetricsSource source, LoopLag lag) {
        this.inventory = new Inventory(host);
        this.process = new ProcessFamilies(host, source);
        this.servers = new ServerFamilies(host);
        this.lookups = new AuthQueryFamilies(host);
        this.tls = new TlsFamilies(source);
        this.handover = new HandoverFamilies(source);
        this.jvm = new JvmFamilies(lag);
    }

    /** UTF-8, not compressed. Not to be changed: others get it, too. */
    public byte[] render(Format format) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (!collected || System.nanoTime() - last.nanos() > SHARED.toNanos()) {
                last = Collected.now(collect().figures());
                collected = true;
            }
            return last.pages().computeIfAbsent(format, last.figures()::write);
        } finally {
            lock.unlock();
        }
    }

    /** One at a time. */
    Families collect() throws InterruptedException {
        List<PoolRow> rows = inventory.pools();
        var families = new Families();
        process.collect(families, rows);
        pools.collect(families, rows);
        statements.collect(families, rows);
        servers.collect(families, rows);
        lookups.collect(families);
        tls.collect(families, rows);
        handover.collect(families);
        jvm.collect(families);
        return families;
    }
}
