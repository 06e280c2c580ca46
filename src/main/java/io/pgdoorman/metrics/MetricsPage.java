package io.pgdoorman.metrics;

import io.pgdoorman.admin.AdminHost;
import io.pgdoorman.admin.Inventory;
import io.pgdoorman.admin.PoolRow;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The page of metrics, made anew for each scrape; scrapes that come at the same time share the
 * figures.
 *
 * <p>Threads: any but an event loop, one at a time; it waits for the loops.
 */
public final class MetricsPage {
    private static final Duration SHARED = Duration.ofMillis(250);

    private record Collected(Figures figures, long nanos) {}

    private final Inventory inventory;
    private final ProcessFamilies process;
    private final PoolFamilies pools = new PoolFamilies();
    private final StatementFamilies statements = new StatementFamilies();
    private final ServerFamilies servers;
    private final HandoverFamilies handover;
    private final JvmFamilies jvm;
    private final ReentrantLock lock = new ReentrantLock();

    /** Guarded by {@link #lock}. */
    private Collected last = new Collected(new Families().figures(), 0);

    private boolean collected;

    public MetricsPage(AdminHost host, MetricsSource source, LoopLag lag) {
        this.inventory = new Inventory(host);
        this.process = new ProcessFamilies(host, source);
        this.servers = new ServerFamilies(host);
        this.handover = new HandoverFamilies(source);
        this.jvm = new JvmFamilies(lag);
    }

    /** UTF-8, not compressed. */
    public byte[] render(Format format) throws InterruptedException {
        return figures().write(format);
    }

    private Figures figures() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (!collected || System.nanoTime() - last.nanos() > SHARED.toNanos()) {
                Figures figures = collect().figures();
                last = new Collected(figures, System.nanoTime());
                collected = true;
            }
            return last.figures();
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
        handover.collect(families);
        jvm.collect(families);
        return families;
    }
}
