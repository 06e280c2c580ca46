package io.pgdoorman.handover;

import io.pgdoorman.handover.format.Batch;
import io.pgdoorman.handover.format.FieldReader;
import io.pgdoorman.handover.format.FormatException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Takes batches: the other half of {@link Giver}.
 *
 * <p>Threads: a thread of the handover.
 */
final class Taker {
    private static final Logger LOG = LoggerFactory.getLogger(Taker.class);

    /** The sender only closes its descriptors in this time. */
    private static final Duration COMMIT_LIMIT = Duration.ofSeconds(2);

    /** So long after that its owner still counts as alive. */
    private static final Duration SLOW_COMMIT_LIMIT = Duration.ofSeconds(13);

    /** The owner of the next batch waits so long for this one to run. */
    private static final Duration RUNNING_LIMIT = Duration.ofSeconds(1);

    private static final Duration PLACE_LIMIT = Duration.ofSeconds(10);

    private final Host host;
    private final Link link;
    private final PeerProcess peer;
    private final boolean saysPlaced;
    private final Arrival arrival;
    private final Tally tally = new Tally();
    private final List<CompletableFuture<Void>> placing = new ArrayList<>();

    /**
     * @param saysPlaced the other process waits for {@link MessageType#PLACED}
     */
    Taker(Host host, Link link, PeerProcess peer, boolean saysPlaced) {
        this.host = host;
        this.link = link;
        this.peer = peer;
        this.saysPlaced = saysPlaced;
        this.arrival = new Arrival(host);
    }

    /** Clients that could not go on here. */
    int refused() {
        return arrival.refused();
    }

    Tally tally() {
        return tally;
    }

    /**
     * Takes one batch over, from its message to the first event of its clients.
     *
     * @throws HandoverException it cannot be taken and stays the sender's, or the connection ends;
     *     what was taken runs all the same
     */
    void take(Message message) throws HandoverException, InterruptedException {
        Batch batch;
        int elsewhere = 0;
        long stopped = System.nanoTime();
        byte[] content = {};
        try {
            if (message.fdsLost()) {
                throw new FormatException(
                        "descriptors were lost: this process may open no more (LimitNOFILE, ulimit"
                                + " -n)");
            }
            FieldReader in = message.fields();
            for (int field = in.next(); field != 0; field = in.next()) {
                switch (field) {
                    case 1 -> content = in.bytes();
                    case 2 -> elsewhere = in.integer();
                    case 3 -> stopped = in.number();
                    default -> {} // of a later version
                }
            }
            batch = Batch.decode(content, message.fds(), host.interner());
        } catch (FormatException | RuntimeException | OutOfMemoryError e) {
            message.closeFds();
            link.sendReason(MessageType.FAILED, String.valueOf(e.getMessage()));
            return;
        } finally {
            Arrays.fill(content, (byte) 0);
            message.forget();
        }
        if (!prepare(batch)) {
            return;
        }
        HandoverException ended = awaitCommit();
        host.sessions().setElsewhere(elsewhere);
        tally.add(batch, message.body().length, stopped);
        long committed = System.nanoTime();
        long since = stopped;
        CompletableFuture<Void> done = arrival.accept(batch);
        done.whenComplete(
                (_, _) ->
                        LOG.debug(
                                "Handover: batch committed {} us after its clients stopped, runs {}"
                                        + " us later",
                                (committed - since) / 1_000,
                                (System.nanoTime() - committed) / 1_000));
        placing.removeIf(CompletableFuture::isDone);
        placing.add(done);
        tally.placed(batch, stopped, done);
        if (ended instanceof HandoverTimeoutException) {
            link.expect(MessageType.COMMIT, SLOW_COMMIT_LIMIT).closeFds(); // slow is not dead
        } else if (ended != null) {
            throw ended;
        }
        if (saysPlaced) {
            awaitRunning(done);
            link.send(MessageType.PLACED);
        }
    }

    /** Loops that are slow to take this batch up shall not have the next one behind it. */
    private static void awaitRunning(CompletableFuture<Void> batch) throws InterruptedException {
        try {
            batch.get(RUNNING_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("Handover: a batch is slow to go on here: {}", e.toString());
        }
    }

    /** From a successful answer on the batch is this process's; so it is if its owner is dead. */
    private boolean prepare(Batch batch) throws HandoverException {
        try {
            link.send(MessageType.PREPARED);
            return true;
        } catch (HandoverException e) {
            if (peer.hasEnded()) {
                return true;
            }
            Sockets.close(batch);
            throw e;
        }
    }

    /** Whatever comes of it, the batch is run. */
    private @org.jspecify.annotations.Nullable HandoverException awaitCommit()
            throws InterruptedException {
        try {
            link.expect(MessageType.COMMIT, COMMIT_LIMIT).closeFds();
            return null;
        } catch (HandoverException e) {
            LOG.warn("Handover: the last batch runs without its commit: {}", e.getMessage());
            return e;
        }
    }

    /** Everything taken is on its loop. */
    void awaitPlaced() throws InterruptedException {
        try {
            CompletableFuture.allOf(placing.toArray(CompletableFuture[]::new))
                    .get(PLACE_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.error("Handover: not all clients could go on", e);
        }
    }
}
