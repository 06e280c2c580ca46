package io.pgdoorman.metrics;

import com.sun.management.UnixOperatingSystemMXBean;

import io.netty.buffer.PooledByteBufAllocator;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;

/**
 * The Java virtual machine, under the names other Java programs use, and the event loops. Threads:
 * no state.
 */
final class JvmFamilies {
    private static final double NANOS = 1e9;
    private static final double MILLIS = 1e3;

    private final LoopLag lag;

    JvmFamilies(LoopLag lag) {
        this.lag = lag;
    }

    void collect(Families out) {
        process(out);
        memory(out);
        Family collections =
                out.summary("jvm_gc_collection_seconds", "Pauses of the garbage collector.");
        for (GarbageCollectorMXBean one : ManagementFactory.getGarbageCollectorMXBeans()) {
            collections.add(
                    Math.max(0, one.getCollectionCount()),
                    Math.max(0, one.getCollectionTime()) / MILLIS,
                    "gc",
                    one.getName());
        }
        out.gauge("jvm_threads_current", "Threads of the platform.")
                .add(ManagementFactory.getThreadMXBean().getThreadCount());
        Family lags =
                out.gauge(
                        "pg_doorman_event_loop_lag_seconds",
                        "The longest a task waited for its turn on the loop in the last 15 s.");
        for (int i = 0; i < lag.count(); i++) {
            lags.add(lag.worstNanos(i) / NANOS, "loop", Integer.toString(i + 1));
        }
    }

    private static void process(Families out) {
        double started = ManagementFactory.getRuntimeMXBean().getStartTime() / MILLIS;
        out.gauge("process_start_time_seconds", "When the process began, Unix time.").add(started);
        out.gauge("process_resident_memory_bytes", "As pg_doorman_total_memory.")
                .add(ProcStatus.residentBytes());
        Family cpu = out.counter("process_cpu_seconds_total", "Processor time.");
        Family open = out.gauge("process_open_fds", "Descriptors that are open.");
        Family max = out.gauge("process_max_fds", "Descriptors the process may open.");
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean os) {
            cpu.add(os.getProcessCpuTime() / NANOS);
            open.add(os.getOpenFileDescriptorCount());
            max.add(os.getMaxFileDescriptorCount());
        }
    }

    private static void memory(Families out) {
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        MemoryUsage other = ManagementFactory.getMemoryMXBean().getNonHeapMemoryUsage();
        out.gauge("jvm_memory_used_bytes", "Memory in use.")
                .add(heap.getUsed(), "area", "heap")
                .add(other.getUsed(), "area", "nonheap");
        out.gauge("jvm_memory_committed_bytes", "Memory taken from the system.")
                .add(heap.getCommitted(), "area", "heap")
                .add(other.getCommitted(), "area", "nonheap");
        out.gauge("jvm_memory_max_bytes", "Memory that may be taken.")
                .add(heap.getMax(), "area", "heap");
        out.gauge("pg_doorman_buffers_bytes", "Memory of the buffers of connections.")
                .add(PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory());
    }
}
