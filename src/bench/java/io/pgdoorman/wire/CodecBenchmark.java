package io.pgdoorman.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.pgdoorman.bench.LoopThreads;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.BackendMessages;
import io.pgdoorman.wire.backend.CommandComplete;
import io.pgdoorman.wire.backend.DataRow;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.ParameterStatus;
import io.pgdoorman.wire.backend.ReadyForQuery;
import io.pgdoorman.wire.backend.RowDescription;
import io.pgdoorman.wire.backend.Severity;
import io.pgdoorman.wire.frontend.Bind;
import io.pgdoorman.wire.frontend.Execute;
import io.pgdoorman.wire.frontend.FrontendMessage;
import io.pgdoorman.wire.frontend.FrontendMessages;
import io.pgdoorman.wire.frontend.Parse;
import io.pgdoorman.wire.frontend.Query;
import io.pgdoorman.wire.frontend.Sync;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.util.concurrent.TimeUnit;

/**
 * What it costs to make an object of a message and the reverse. The relay does neither for messages
 * that only pass; see the relay's own benchmark for those. Threads: one thread of the benchmark.
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
public class CodecBenchmark {
    /** One message of each kind that a login, a query or a batch is made of. */
    public enum Sample {
        QUERY(new Query("SELECT abalance FROM pgbench_accounts WHERE aid = 4711")),
        PARSE(new Parse("", "SELECT abalance FROM pgbench_accounts WHERE aid = $1")),
        BIND(Bind.text("", "", "4711")),
        EXECUTE(new Execute("", 0)),
        SYNC(new Sync()),
        ROW_DESCRIPTION(RowDescription.ofText("aid", "bid", "abalance", "filler")),
        DATA_ROW(DataRow.ofText("4711", "1", "0", "padding of a row of some length")),
        COMMAND_COMPLETE(new CommandComplete("SELECT 1")),
        READY_FOR_QUERY(new ReadyForQuery(TransactionStatus.IDLE)),
        PARAMETER_STATUS(new ParameterStatus("application_name", "bench")),
        ERROR_RESPONSE(ErrorResponse.of(Severity.ERROR, "42601", "syntax error at or near \"x\""));

        @SuppressWarnings("ImmutableEnumChecker") // every message is an immutable record
        private final Object message;

        Sample(Object message) {
            this.message = message;
        }

        boolean isFrontend() {
            return message instanceof FrontendMessage;
        }

        void encode(ByteBuf out) {
            if (message instanceof FrontendMessage frontend) {
                frontend.encode(out);
            } else {
                ((BackendMessage) message).encode(out);
            }
        }
    }

    @Param public Sample sample = Sample.QUERY;

    private ByteBuf encoded = PooledByteBufAllocator.DEFAULT.directBuffer();
    private ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer();
    private byte type;

    @Setup
    public void encodeOnce() {
        sample.encode(encoded);
        type = encoded.readByte();
    }

    @TearDown
    public void release() {
        encoded.release();
        out.release();
    }

    @Benchmark
    public ByteBuf encode() {
        out.clear();
        sample.encode(out);
        return out;
    }

    @Benchmark
    public Object decode() {
        encoded.readerIndex(Frames.HEADER_BYTES);
        return sample.isFrontend()
                ? FrontendMessages.decode(type, encoded)
                : BackendMessages.decode(type, encoded);
    }
}
