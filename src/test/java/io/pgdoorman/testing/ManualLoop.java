package io.pgdoorman.testing;

import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;

import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An event loop whose tasks run when the test says so, with a clock that stands still otherwise.
 * Threads: the test's, which the loop takes for its own.
 */
public final class ManualLoop {
    /** A task may hand something to another loop, and that back again; none does so for ever. */
    private static final int ROUNDS = 6;

    private final EmbeddedChannel channel = new EmbeddedChannel();

    public ManualLoop() {
        channel.freezeTime();
    }

    public EventLoop loop() {
        return channel.eventLoop();
    }

    /** Runs what is due, not what is due later. */
    public void run() {
        channel.runPendingTasks();
    }

    /** Lets time pass, and runs what became due. */
    public void advance(long millis) {
        channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
        channel.runPendingTasks();
    }

    /** Runs all loops until none has given another something to do. */
    public static void runAll(List<ManualLoop> loops) {
        for (int round = 0; round < ROUNDS; round++) {
            loops.forEach(ManualLoop::run);
        }
    }
}
