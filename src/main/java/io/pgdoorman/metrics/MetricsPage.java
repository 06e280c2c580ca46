package io.pgdoorman.metrics;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
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
public final class MetricsPage implements AutoCloseable {
    private static final Duration SHARED = Duration.ofMillis(250);

    /**
     * Figures, when they were collected, and the pages made of them so far.
     *
     * @param pages owned; guarded by {@link #lock}
     */
    private record Collected(Figures figures, long nanos, Map<Format, ByteBuf> pages) {
        static Collected now(Figures figures) {
            return new Collected(figures, System.nanoTime(), new EnumMap<>(Format.class));
        }

        void release() {
            pages.values().forEach(ByteBuf::release);
            pages.clear();
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

    /** Of the longest page so far, in bytes: so much room the next gets from the start. */
    private int room = 1 << 16;

    public MetricsPage(AdminHost host, MetricsSource source, LoopLag lag) {
        this.inventory = new Inventory(host);
        this.process = new ProcessFamilies(host, source);
        this.servers = new ServerFamilies(host);
        this.lookups = new AuthQueryFamilies(host);
        this.tls = new TlsFamilies(source);
        this.handover = new HandoverFamilies(source);
        this.jvm = new JvmFamilies(lag);
    }

    /**
     * The page in UTF-8, not compressed, outside of the heap: megabytes that live from one scrape
     * to the next would fill its old generation.
     *
     * @return the caller's to release; others may read the same bytes
     */
    public ByteBuf render(Format format) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (!collected || System.nanoTime() - last.nanos() > SHARED.toNanos()) {
                last.release();
                last = Collected.now(collect().figures());
                collected = true;
            }
            ByteBuf page = last.pages().get(format);
            if (page == null) {
                page = write(format);
                last.pages().put(format, page);
            }
            return page.retainedDuplicate();
        } finally {
            lock.unlock();
        }
    }

    /** Frees the pages that are kept for others; nobody scrapes any more. */
    @Override
    public void close() {
        lock.lock();
        try {
            last.release();
        } finally {
            lock.unlock();
        }
    }

    private ByteBuf write(Format format) {
        ByteBuf page = UnpooledByteBufAllocator.DEFAULT.directBuffer(room);
        try {
            last.figures().write(format, page);
        } catch (RuntimeException | Error e) {
            page.release();
            throw e;
        }
        room = Math.max(room, page.writerIndex());
        return page;
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
