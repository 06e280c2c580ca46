package io.pgdoorman.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The host names of clients' addresses, verified as PostgreSQL does it: the address has a name, and
 * the name has the address. One address is looked up once at a time, and its name is kept for a
 * while. Nobody waits for longer than {@link #LIMIT}; who cannot be looked up has no name.
 *
 * <p>Threads: any. Look-ups run on threads of their own, which end when there is nothing to do.
 */
public final class HostNames {
    /** How long a login waits for a name. */
    public static final Duration LIMIT = Duration.ofSeconds(5);

    private static final Duration KEPT = Duration.ofSeconds(10);
    private static final int THREADS = 8;
    private static final int MAX_QUEUED = 1_000;
    private static final int MAX_ENTRIES = 10_000;
    private static final int IDLE_SECONDS = 10;

    private final Function<InetAddress, String> lookUp;
    private final Executor executor;
    private final Duration limit;
    private final Map<InetAddress, Entry> entries = new ConcurrentHashMap<>();

    private static final class Entry {
        final CompletableFuture<String> name = new CompletableFuture<>();

        /** Of use once the name is there. */
        volatile long doneNanos;

        boolean isStale(long now) {
            return name.isDone() && now - doneNanos > KEPT.toNanos();
        }
    }

    /** By the operating system's resolver. */
    public HostNames() {
        this(HostNames::ofSystem, threads(), LIMIT);
    }

    /**
     * @param lookUp may block; empty is no name
     */
    HostNames(Function<InetAddress, String> lookUp, Executor executor, Duration limit) {
        this.lookUp = lookUp;
        this.executor = executor;
        this.limit = limit;
    }

    private static Executor threads() {
        var threads =
                new ThreadPoolExecutor(
                        THREADS,
                        THREADS,
                        IDLE_SECONDS,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(MAX_QUEUED),
                        Thread.ofPlatform().daemon().name("pooler-host-names-", 1).factory());
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /** The name, or an empty text; it completes in any case, on any thread. */
    public CompletableFuture<String> of(InetAddress address) {
        return entry(address)
                .name
                .copy()
                .completeOnTimeout("", limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    private Entry entry(InetAddress address) {
        long now = System.nanoTime();
        if (entries.size() >= MAX_ENTRIES) {
            entries.values().removeIf(entry -> entry.name.isDone());
        }
        var fresh = new Entry();
        Entry present =
                entries.compute(address, (_, old) -> old == null || old.isStale(now) ? fresh : old);
        if (present == fresh) {
            try {
                executor.execute(() -> complete(fresh, address));
            } catch (RejectedExecutionException tooMany) {
                entries.remove(address, fresh);
                fresh.name.complete("");
            }
        }
        return present;
    }

    private void complete(Entry entry, InetAddress address) {
        String name = "";
        try {
            name = lookUp.apply(address);
        } finally {
            entry.doneNanos = System.nanoTime();
            entry.name.complete(name);
        }
    }

    /** The platform verifies the name itself, and gives the address back if it is not good. */
    private static String ofSystem(InetAddress address) {
        try {
            // a copy without what is remembered, in which IPv4 is IPv4
            InetAddress bare = InetAddress.getByAddress(address.getAddress());
            String name = bare.getCanonicalHostName();
            return name.equals(bare.getHostAddress()) ? "" : name;
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible); // the length came from an address
        }
    }
}
