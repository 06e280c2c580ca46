package io.pgdoorman.net;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;

import org.junit.jupiter.api.Assumptions;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A transport with loops for one test; skips the test where io_uring is forbidden. */
final class Loops implements AutoCloseable {
    final Transport transport;
    final List<EventLoop> all = new ArrayList<>();
    private final EventLoopGroup group;

    Loops(TransportChoice kind, int threads) {
        if (kind == TransportChoice.IO_URING) {
            String reason = IoUringSupport.whyNot();
            Assumptions.assumeTrue(reason == null, () -> "io_uring cannot be used: " + reason);
        }
        transport =
                Transport.select(
                        kind,
                        warning -> {
                            throw new AssertionError(warning);
                        });
        group = transport.newLoops(threads, "test-loop");
        group.forEach(loop -> all.add((EventLoop) loop));
    }

    EventLoop first() {
        return all.getFirst();
    }

    LoopChoice choice() {
        return new LoopChoice(all);
    }

    @Override
    public void close() {
        Transport.endLoops(group, Duration.ofSeconds(10));
        group.terminationFuture().syncUninterruptibly();
    }
}
