package io.pgdoorman.handover;

import io.pgdoorman.handover.format.Batch;
import io.pgdoorman.handover.format.FieldWriter;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.concurrent.ExecutionException;

/**
 * Gives everything this process has to the other, batch by batch; see docs/adr/0008 for the moment
 * at which a batch changes its owner.
 *
 * <p>Threads: a thread of the handover.
 */
final class Giver {
    private static final Logger LOG = LoggerFactory.getLogger(Giver.class);

    /** How long the other process may take to say that it has a batch. */
    static final Duration PREPARE_LIMIT = Duration.ofSeconds(8);

    /** What cannot be moved now can be a moment later. */
    private static final long RETRY_MILLIS = 1;

    /** In which all clients should have moved, if that is possible without longer pauses. */
    private static final long USUAL_NANOS = 700_000_000;

    /** After the last client: how long for servers that something else holds. */
    private static final long SERVERS_LIMIT_NANOS = 800_000_000;

    /**
     * Cancel requests on their way hold a client back for no longer than they live. Shorter than
     * the other process waits for a message.
     */
    private static final long CLIENTS_LIMIT_NANOS = 10_000_000_000L;

    private static final long COLLECT_AGAIN_NANOS = 2_000_000_000L;

    private final Host host;
    private final Link link;
    private final PeerProcess peer;
    private final Departure departure;
    private final Arrival arrival;
    private final DescriptorQuota quota;
    private final boolean hearsPlaced;

    /**
     * The other process is the one that goes on, as long as it lives: it is never ended, and what
     * was sent to it does not run here as well.
     */
    private final boolean peerPrevails;

    private long usualEnd;
    private long collectedNanos = System.nanoTime() - COLLECT_AGAIN_NANOS;

    /** Those who ask for nothing do not notice how many move at once, only those beside them do. */
    private final BatchSize quiet = new BatchSize(4, 64, 8_000_000, 16_000_000);

    private final BatchSize busy = new BatchSize(4, 32, 5_000_000, 10_000_000);

    /**
     * @param room descriptors the other process may still open
     * @param hearsPlaced the other process says when a batch runs there
     */
    Giver(Host host, Link link, PeerProcess peer, int room, boolean hearsPlaced) {
        this(host, link, peer, room, hearsPlaced, false);
    }

    private Giver(
            Host host,
            Link link,
            PeerProcess peer,
            int room,
            boolean hearsPlaced,
            boolean peerPrevails) {
        this.peerPrevails = peerPrevails;
        this.host = host;
        this.link = link;
        this.peer = peer;
        this.departure = new Departure(host);
        this.arrival = new Arrival(host);
        this.quota = new DescriptorQuota(room);
        this.hearsPlaced = hearsPlaced;
    }

    /** One that gives back what it has got from a process that then goes on without it. */
    static Giver givingBack(Host host, Link link, PeerProcess peer, int room, boolean hearsPlaced) {
        return new Giver(host, link, peer, room, hearsPlaced, true);
    }

    /** Looks at who is busy; what happens until {@link #giveAll} shows who is quiet. */
    void noteActivity() throws HandoverException, InterruptedException {
        departure.quiet().note();
    }

    /**
     * Gives until nothing is left: the clients that are quiet and those that are not by turns.
     *
     * @throws HandoverException a batch was not taken; it runs here again
     */
    void giveAll() throws HandoverException, InterruptedException {
        do {
            giveWhatIsHere();
        } while (!departure.isEmpty());
    }

    /** As {@link #giveAll}, if nobody is just coming, as in a rehearsal. */
    void giveWhatIsHere() throws HandoverException, InterruptedException {
        departure.quiet().find();
        usualEnd = System.nanoTime() + USUAL_NANOS;
        long clientsDeadline = System.nanoTime() + CLIENTS_LIMIT_NANOS;
        boolean wasQuiet = false;
        while (departure.remaining() > 0) {
            QuietClients clients = departure.quiet();
            boolean isQuiet = !clients.isEmpty() && !(wasQuiet && clients.hasBusy());
            wasQuiet = isQuiet;
            if (isQuiet ? giveQuiet() : giveBusy()) {
                clientsDeadline = System.nanoTime() + CLIENTS_LIMIT_NANOS;
            } else if (System.nanoTime() - clientsDeadline >= 0) {
                throw new NotGivenException(
                        "%d clients cannot be moved%s"
                                .formatted(
                                        departure.remaining(),
                                        departure.lacksRoom()
                                                ? "; the heap has no room for what they are"
                                                        + " sending (PG_DOORMAN_HEAP)"
                                                : ""));
            } else {
                makeRoom();
                Thread.sleep(RETRY_MILLIS);
            }
        }
        long serversDeadline = System.nanoTime() + SERVERS_LIMIT_NANOS;
        while (departure.remainingServers() > 0 && System.nanoTime() - serversDeadline < 0) {
            if (!give(departure.next(0, quota.spare()), busy)) {
                Thread.sleep(RETRY_MILLIS);
            }
            if (departure.remaining() > 0) {
                giveWhatIsHere(); // a login that was just being accepted
                return;
            }
        }
        if (departure.remainingServers() > 0) {
            LOG.info(
                    "Handover: {} servers that are being opened or cancelled are closed",
                    departure.remainingServers());
            departure.closeRest();
        }
    }

    /** What others have left behind may be all that takes the room of a client. */
    private void makeRoom() {
        long now = System.nanoTime();
        if (departure.lacksRoom() && now - collectedNanos >= COLLECT_AGAIN_NANOS) {
            collectedNanos = now;
            System.gc();
        }
    }

    private boolean giveQuiet() throws HandoverException, InterruptedException {
        int most = quiet.most(departure.quiet().size(), usualEnd - System.nanoTime());
        return give(departure.nextQuiet(most, quota.next(most)), quiet);
    }

    private boolean giveBusy() throws HandoverException, InterruptedException {
        int waiting = departure.remaining() - departure.quiet().size();
        int most = busy.most(waiting, usualEnd - System.nanoTime());
        return give(departure.next(most, quota.next(most)), busy);
    }

    /** Servers and permits alone, which the other process wants. */
    void give(Wants wants) throws HandoverException, InterruptedException {
        give(departure.spare(wants, quota.spare()), busy);
    }

    /**
     * @param size hears how long it took
     * @return whether a connection has moved
     */
    private boolean give(Batch batch, BatchSize size)
            throws HandoverException, InterruptedException {
        Throwable failure = departure.failure();
        if (failure != null) {
            LOG.error("Handover: a client could not be given up", failure);
            takeBack(batch);
            throw new NotGivenException(failure);
        }
        if (batch.isEmpty()) {
            return false;
        }
        long began = System.nanoTime();
        Batch.Encoded encoded;
        Message answer;
        try {
            encoded = batch.encode();
            var body =
                    new FieldWriter()
                            .put(1, encoded.bytes())
                            .put(2, host.sessions().connections())
                            .put(3, departure.stoppedNanos());
            encoded.forget();
            link.send(MessageType.BATCH, body, encoded.fds());
            answer = awaitPrepared();
        } catch (HandoverException e) {
            takeBack(batch);
            throw e;
        } catch (RuntimeException | OutOfMemoryError e) {
            LOG.error("Handover: a batch could not be made", e);
            takeBack(batch);
            throw new NotGivenException(e);
        }
        departure.committed(batch);
        quota.used(encoded.fds().length);
        link.send(MessageType.COMMIT);
        answer.closeFds();
        long committed = System.nanoTime();
        if (hearsPlaced) {
            link.expect(MessageType.PLACED, PREPARE_LIMIT).closeFds();
        }
        long now = System.nanoTime();
        LOG.debug(
                "Handover: batch of {} clients, {} servers: collected in {} us, taken in {} us, runs {}"
                        + " us later",
                batch.sessions().size() + batch.logins().size(),
                batch.servers().size(),
                (began - departure.stoppedNanos()) / 1_000,
                (committed - began) / 1_000,
                (now - committed) / 1_000);
        size.onTaken(now - began);
        return encoded.fds().length > 0;
    }

    /**
     * If it does not come in time, the other process is ended: it has not run the batch, because it
     * waits for COMMIT first, and longer than it takes to die. One that cannot be named is kept
     * from sending it later, and has the batch if it has sent it.
     */
    private Message awaitPrepared() throws HandoverException, InterruptedException {
        try {
            return link.expect(MessageType.PREPARED, PREPARE_LIMIT);
        } catch (HandoverTimeoutException e) {
            if (peerPrevails || (peer.isAlive() && peer.kill("it takes no more clients"))) {
                throw e;
            }
            link.refuseFurther();
            try {
                return link.expect(MessageType.PREPARED, PREPARE_LIMIT);
            } catch (HandoverException never) {
                never.addSuppressed(e);
                throw e;
            }
        }
    }

    private void takeBack(Batch batch) throws InterruptedException {
        if (peerPrevails && !peer.hasEnded()) {
            LOG.warn(
                    "Handover: {} clients are the other process's, which does not answer",
                    batch.sessions().size() + batch.logins().size());
            return;
        }
        LOG.warn(
                "Handover: {} clients go on in this process, as they were not taken",
                batch.sessions().size() + batch.logins().size());
        try {
            arrival.takeBack(batch).get();
        } catch (ExecutionException e) {
            LOG.error("clients could not go on", e.getCause());
        }
    }
}
