package io.pgdoorman.session;

import io.pgdoorman.bench.LoopThreads;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.util.concurrent.TimeUnit;

/**
 * What the relay does with a read of a socket, up to the write into the other: framing, tracking of
 * replies, lease and return of the server. No socket is involved. With {@code -prof gc} the column
 * {@code gc.alloc.rate.norm} is the claim that matters: nothing is allocated.
 *
 * <p>Threads: one thread of the benchmark.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "-XX:+UseSerialGC",
            "-XX:+UseCompactObjectHeaders",
            "-Dio.netty.leakDetection.level=disabled",
            LoopThreads.EXECUTOR,
            LoopThreads.EXECUTOR_CLASS
        })
@State(Scope.Thread)
public class RelayBenchmark {
    private static final int ROWS = 500;

    private RelayBench bench = new RelayBench();

    /** JMH sets up on the thread that measures. */
    @Setup
    public void link() {
        bench = new RelayBench();
        bench.start(ROWS);
    }

    @TearDown
    public void close() {
        bench.close();
    }

    /** A whole transaction: lease, a Query, its answer in one read, return of the server. */
    @Benchmark
    public long simpleQuery() {
        return bench.transaction(bench.query, bench.queryAnswer);
    }

    /** The same with Parse, Bind, Describe, Execute and Sync in one read. */
    @Benchmark
    public long extendedQuery() {
        return bench.transaction(bench.batch, bench.batchAnswer);
    }

    /** The same, but the answer comes in two reads, cut in the middle of a header. */
    @Benchmark
    public long simpleQueryInPieces() {
        return bench.transactionInPieces();
    }

    /** Per transaction, of two clients with one server: one of them waits for it. */
    @Benchmark
    @OperationsPerInvocation(2)
    public long simpleQueryWithWait() {
        return bench.transactionBehindAnother();
    }

    /** Per row, of a result that comes in reads of many rows. */
    @Benchmark
    @OperationsPerInvocation(ROWS)
    public long rowOfLargeResult() {
        return bench.rows();
    }

    /** Per CopyData of a COPY from the client that comes in reads of many. */
    @Benchmark
    @OperationsPerInvocation(ROWS)
    public long copyDataFromClient() {
        return bench.copyData();
    }
}
