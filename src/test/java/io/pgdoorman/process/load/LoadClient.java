package io.pgdoorman.process.load;

import io.pgdoorman.testing.Deadline;

import org.jspecify.annotations.Nullable;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One client on a thread of its own: does its scenario's rounds until it is told to stop, or until
 * the first fault. Threads: any; the scenario is confined to its thread.
 */
final class LoadClient {
    private static final long LOOK_MILLIS = 10;

    private final ClientKind kind;
    private final Seat seat;
    private final Scenario scenario;
    private final Consumer<Fault> faults;
    private final CountDownLatch opened = new CountDownLatch(1);
    private final Thread thread;
    private volatile long rounds; // written by the client's thread, read by any
    private volatile @Nullable Fault fault; // the same

    /**
     * @param faults is told the first fault, on the client's thread
     */
    LoadClient(ClientKind kind, Seat seat, Consumer<Fault> faults) {
        this.kind = kind;
        this.seat = seat;
        this.scenario = kind.scenario(seat);
        this.faults = faults;
        this.thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("load-%s-%d".formatted(kind, seat.index()))
                        .unstarted(this::run);
    }

    LoadClient start() {
        thread.start();
        return this;
    }

    ClientKind kind() {
        return kind;
    }

    /** Rounds done. */
    long rounds() {
        return rounds;
    }

    Optional<Fault> fault() {
        return Optional.ofNullable(fault);
    }

    /** Waits until it is connected, or at its end; false when neither is in time. */
    boolean awaitOpen(long millis) throws InterruptedException {
        return opened.await(millis, TimeUnit.MILLISECONDS);
    }

    /** Waits until it has done {@code count} rounds, or is at its end, or until {@code limit}. */
    void awaitRounds(long count, Duration limit) throws InterruptedException {
        Deadline deadline = Deadline.in(limit);
        while (rounds < count && thread.isAlive() && !deadline.isOver()) {
            thread.join(LOOK_MILLIS);
        }
    }

    /** Waits for its end; one that does not come is a fault that says where the client is. */
    void awaitEnd(long millis) throws InterruptedException {
        thread.join(Math.max(1, millis));
        if (thread.isAlive()) {
            var stack = new StringBuilder("does not end, is in");
            for (StackTraceElement frame : thread.getStackTrace()) {
                stack.append("\n    ").append(frame);
            }
            report(stack.toString());
            thread.interrupt();
        }
    }

    private void run() {
        try (scenario) {
            scenario.open();
            opened.countDown();
            long done = 0;
            do {
                scenario.round(done);
                done++;
                rounds = done;
            } while (!seat.pace().isStopping());
            scenario.finish();
        } catch (WrongAnswerException e) {
            report(e.getMessage());
        } catch (Exception e) {
            var trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            report(trace.toString().strip());
        } finally {
            opened.countDown();
        }
    }

    /** Keeps the first fault; the client's thread and the one that waits for its end may meet. */
    private synchronized void report(String what) {
        if (fault != null) {
            return;
        }
        var first =
                new Fault(
                        "%s %d of pool %s after %d rounds"
                                .formatted(kind, seat.index(), kind.pool().poolName(), rounds),
                        what);
        fault = first;
        faults.accept(first);
    }
}
