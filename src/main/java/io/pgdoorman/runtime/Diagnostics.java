package io.pgdoorman.runtime;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.session.Sessions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What the process is doing, as lines for its log: clients by state, pools, memory, descriptors,
 * threads. Asks each loop, and says which does not answer.
 *
 * <p>Threads: the control thread; it waits for the loops, they never for it.
 */
final class Diagnostics {
    private static final Logger LOG = LoggerFactory.getLogger(Diagnostics.class);
    private static final long LOOP_LIMIT_MILLIS = 500;
    private static final double MIB = 1 << 20;

    private record Counts(int servers, int idle, int waiting) {
        Counts plus(Counts other) {
            return new Counts(servers + other.servers, idle + other.idle, waiting + other.waiting);
        }
    }

    private record LoopReport(Map<String, Integer> clients, Map<String, Counts> pools) {}

    private final Pools pools;
    private final Sessions sessions;
    private final List<EventLoop> loops;
    private final Supplier<String> handover;

    /**
     * @param handover tells in one line where the last one stands
     */
    Diagnostics(Pools pools, Sessions sessions, List<EventLoop> loops, Supplier<String> handover) {
        this.handover = handover;
        this.pools = pools;
        this.sessions = sessions;
        this.loops = loops;
    }

    void log() {
        lines().forEach(line -> LOG.info("{}", line));
    }

    List<String> lines() {
        Map<EventLoop, CompletableFuture<LoopReport>> asked = new LinkedHashMap<>();
        for (EventLoop loop : loops) {
            asked.put(loop, CompletableFuture.supplyAsync(() -> ask(loop), loop));
        }
        List<String> lines = new ArrayList<>();
        Map<String, Integer> clients = new TreeMap<>();
        Map<String, Counts> counts = new TreeMap<>();
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LOOP_LIMIT_MILLIS);
        int number = 0;
        for (CompletableFuture<LoopReport> answer : asked.values()) {
            number++;
            try {
                long left = Math.max(0, deadline - System.nanoTime());
                LoopReport report = answer.get(left, TimeUnit.NANOSECONDS);
                report.clients().forEach((state, n) -> clients.merge(state, n, Integer::sum));
                report.pools().forEach((name, n) -> counts.merge(name, n, Counts::plus));
            } catch (TimeoutException e) {
                lines.add(
                        "event loop %d did not answer within %d ms"
                                .formatted(number, LOOP_LIMIT_MILLIS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return lines;
            } catch (ExecutionException e) {
                lines.add("event loop %d failed to answer: %s".formatted(number, e.getCause()));
            }
        }
        lines.add(
                "clients: %d connections, logged in %s".formatted(sessions.connections(), clients));
        for (Pool pool : pools.all()) {
            Counts now = counts.getOrDefault(pool.name(), new Counts(0, 0, 0));
            lines.add(
                    "pool %s: %d servers of %d, %d idle, %d clients waiting"
                            .formatted(
                                    pool.name(),
                                    now.servers(),
                                    pool.settings().size(),
                                    now.idle(),
                                    now.waiting()));
        }
        lines.add("handover: " + handover.get());
        lines.add(memory());
        lines.add(descriptors());
        lines.add(threads());
        return lines;
    }

    private LoopReport ask(EventLoop loop) {
        Map<String, Integer> clients = new TreeMap<>();
        sessions.all().stream()
                .filter(session -> session.channel().eventLoop().equals(loop))
                .forEach(session -> clients.merge(session.activity(), 1, Integer::sum));
        Map<String, Counts> counts = new TreeMap<>();
        for (Pool pool : pools.all()) {
            Shard shard = pool.shard(loop);
            counts.put(
                    pool.name(),
                    new Counts(shard.servers().size(), shard.idleHint(), shard.waitingClients()));
        }
        return new LoopReport(clients, counts);
    }

    private static String memory() {
        Runtime runtime = Runtime.getRuntime();
        return "memory: heap %.1f of %.1f MiB used, at most %.1f; buffers %.1f MiB; resident %s"
                .formatted(
                        (runtime.totalMemory() - runtime.freeMemory()) / MIB,
                        runtime.totalMemory() / MIB,
                        runtime.maxMemory() / MIB,
                        PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() / MIB,
                        field(Path.of("/proc/self/status"), "VmRSS:"));
    }

    private static String descriptors() {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return "descriptors: %d open, limit %s"
                    .formatted(open.count(), field(Path.of("/proc/self/limits"), "Max open files"));
        } catch (IOException e) {
            return "descriptors: " + e.getMessage();
        }
    }

    private static String field(Path file, String name) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(name.length()).strip().replaceAll("\\s+", " "))
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static String threads() {
        Map<String, Integer> byState = new TreeMap<>();
        Thread.getAllStackTraces()
                .keySet()
                .forEach(thread -> byState.merge(thread.getState().toString(), 1, Integer::sum));
        return "threads: " + byState;
    }
}
