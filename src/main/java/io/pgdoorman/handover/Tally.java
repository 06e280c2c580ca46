package io.pgdoorman.handover;

import io.pgdoorman.backend.FrozenServer;
import io.pgdoorman.handover.format.Batch;
import io.pgdoorman.session.MovingSession;
import io.pgdoorman.stats.Histogram;
import io.pgdoorman.wire.TransactionStatus;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/**
 * Counts what comes for the {@link Report}. Threads: a thread of the handover counts; loops report
 * pauses, under this object's lock.
 */
final class Tally {
    private int idle;
    private int waiting;
    private int active;
    private int inTransaction;
    private int logins;
    private int linkedServers;
    private int idleServers;
    private int batches;
    private long bytes;
    private long firstStopNanos;
    private boolean any;

    private long[] pauses = new long[256];
    private int pauseCount;
    private long lastStartNanos;

    synchronized void add(Batch batch, long size, long stoppedNanos) {
        batches++;
        bytes += size;
        boolean clients = !batch.sessions().isEmpty() || !batch.logins().isEmpty();
        if (!any && clients) { // before it there are servers that a staged process asks for
            any = true;
            firstStopNanos = stoppedNanos;
            lastStartNanos = stoppedNanos;
        }
        for (MovingSession session : batch.sessions()) {
            FrozenServer server = session.state().server();
            if (server == null) {
                if (session.state().place() == null) {
                    idle++;
                } else {
                    waiting++;
                }
            } else {
                linkedServers++;
                if (server.protocol().status() == TransactionStatus.IDLE) {
                    active++;
                } else {
                    inTransaction++;
                }
            }
        }
        logins += batch.logins().size();
        idleServers += batch.servers().size();
    }

    /** The clients of the batch run again when {@code done} completes. */
    void placed(Batch batch, long stoppedNanos, CompletableFuture<Void> done) {
        int clients = batch.sessions().size() + batch.logins().size();
        done.whenComplete((_, _) -> pause(clients, System.nanoTime(), stoppedNanos));
    }

    private synchronized void pause(int clients, long now, long stoppedNanos) {
        if (pauseCount + clients > pauses.length) {
            pauses = Arrays.copyOf(pauses, Math.max(pauses.length * 2, pauseCount + clients));
        }
        Arrays.fill(pauses, pauseCount, pauseCount + clients, now - stoppedNanos);
        pauseCount += clients;
        if (clients > 0) {
            lastStartNanos = Math.max(lastStartNanos, now);
        }
    }

    /** Adds all pauses so far. */
    synchronized void addPauses(Histogram to) {
        for (int i = 0; i < pauseCount; i++) {
            to.record(pauses[i]);
        }
    }

    /**
     * @param refused clients that could not go on
     * @param beganNanos when the handover was asked for
     */
    synchronized Report report(int refused, long beganNanos) {
        long[] all = Arrays.copyOf(pauses, pauseCount);
        long p99 = Report.p99(all);
        return new Report(
                idle,
                waiting,
                active,
                inTransaction,
                logins,
                linkedServers,
                idleServers,
                refused,
                batches,
                bytes,
                pauseCount == 0 ? 0 : all[pauseCount - 1],
                p99,
                lastStartNanos - firstStopNanos,
                System.nanoTime() - beganNanos);
    }
}
